#include "TrainingKernels.h"

#define TEXT(name) {name, (const char *)(const unsigned char[]){
#define END , 0}},

// By the names that kernels include them by.
static const tk_cuda_source sources[] = {
TEXT("Device.cuh")
#embed "CUDA/Device.cuh"
END
TEXT("Attention.cuh")
#embed "CUDA/Attention.cuh"
END
TEXT("Philox.cuh")
#embed "CUDA/Philox.cuh"
END
TEXT("Row.cuh")
#embed "CUDA/Row.cuh"
END
TEXT("Space.cuh")
#embed "CUDA/Space.cuh"
END
TEXT("Table.cuh")
#embed "CUDA/Table.cuh"
END
TEXT("Terms.cuh")
#embed "CUDA/Terms.cuh"
END
TEXT("Tile.cuh")
#embed "CUDA/Tile.cuh"
END
TEXT("CUDA/Attention.h")
#embed "include/CUDA/Attention.h"
END
TEXT("CUDA/BatchNorm.h")
#embed "include/CUDA/BatchNorm.h"
END
TEXT("CUDA/Convolution.h")
#embed "include/CUDA/Convolution.h"
END
TEXT("CUDA/Copy.h")
#embed "include/CUDA/Copy.h"
END
TEXT("CUDA/Elements.h")
#embed "include/CUDA/Elements.h"
END
TEXT("CUDA/Gather.h")
#embed "include/CUDA/Gather.h"
END
TEXT("CUDA/Gemm.h")
#embed "include/CUDA/Gemm.h"
END
TEXT("CUDA/Norms.h")
#embed "include/CUDA/Norms.h"
END
TEXT("CUDA/Pointwise.h")
#embed "include/CUDA/Pointwise.h"
END
TEXT("CUDA/Random.h")
#embed "include/CUDA/Random.h"
END
TEXT("CUDA/Reduction.h")
#embed "include/CUDA/Reduction.h"
END
TEXT("CUDA/Rows.h")
#embed "include/CUDA/Rows.h"
END
TEXT("CUDA/Scan.h")
#embed "include/CUDA/Scan.h"
END
TEXT("CUDA/Sort.h")
#embed "include/CUDA/Sort.h"
END
TEXT("CUDA/Space.h")
#embed "include/CUDA/Space.h"
END
TEXT("CUDA/Statistics.h")
#embed "include/CUDA/Statistics.h"
END
TEXT("CUDA/Table.h")
#embed "include/CUDA/Table.h"
END
TEXT("CUDA/Update.h")
#embed "include/CUDA/Update.h"
END
TEXT("CUDA/Window.h")
#embed "include/CUDA/Window.h"
END
TEXT("Tables/Binary.h")
#embed "Tables/Binary.h"
END
TEXT("Tables/Reduction.h")
#embed "Tables/Reduction.h"
END
TEXT("Tables/Rounding.h")
#embed "Tables/Rounding.h"
END
TEXT("Tables/Unary.h")
#embed "Tables/Unary.h"
END
TEXT("Tables/Update.h")
#embed "Tables/Update.h"
END
TEXT("Attention.cu")
#embed "CUDA/Attention.cu"
END
TEXT("AttentionTiles.cu")
#embed "CUDA/AttentionTiles.cu"
END
TEXT("BatchNorm.cu")
#embed "CUDA/BatchNorm.cu"
END
TEXT("Convolution.cu")
#embed "CUDA/Convolution.cu"
END
TEXT("Copy.cu")
#embed "CUDA/Copy.cu"
END
TEXT("Gather.cu")
#embed "CUDA/Gather.cu"
END
TEXT("Gemm.cu")
#embed "CUDA/Gemm.cu"
END
TEXT("Norms.cu")
#embed "CUDA/Norms.cu"
END
TEXT("Pointwise.cu")
#embed "CUDA/Pointwise.cu"
END
TEXT("Random.cu")
#embed "CUDA/Random.cu"
END
TEXT("Reduction.cu")
#embed "CUDA/Reduction.cu"
END
TEXT("Rows.cu")
#embed "CUDA/Rows.cu"
END
TEXT("Scan.cu")
#embed "CUDA/Scan.cu"
END
TEXT("Sort.cu")
#embed "CUDA/Sort.cu"
END
TEXT("Statistics.cu")
#embed "CUDA/Statistics.cu"
END
TEXT("Update.cu")
#embed "CUDA/Update.cu"
END
TEXT("Window.cu")
#embed "CUDA/Window.cu"
END
};

tk_cuda_source tk_cuda_source_at(int32_t position) {
  return position < (int32_t)(sizeof sources / sizeof *sources) ? sources[position] : (tk_cuda_source){};
}
