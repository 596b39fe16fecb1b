// Writes the embedded texts of kernels below a folder, and prints each kernel's source and name.
#include "FakeCUDA.h"
#include <cstdio>
#include <filesystem>
#include <fstream>
extern "C" {
#include "TrainingKernels+CUDA.h"
}

int main(int, char **arguments) {
  for (int32_t position = 0; auto text = tk_cuda_source_at(position).text; position++) {
    auto path = std::filesystem::path(arguments[1]) / tk_cuda_source_at(position).name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  for (int32_t position = 0; auto name = fake_cuda_kernel_at(position).name; position++)
    printf("%s\t%s\n", fake_cuda_kernel_at(position).source, name);
}
