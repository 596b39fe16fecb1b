"""Compiles kernels by NVRTC: compile.py FOLDER-OF-TEXTS LIST-OF-KERNELS ALLOWED-SPILLS"""

import concurrent.futures
import ctypes
import fnmatch
import pathlib
import re
import sys
import time

# For the first every kernel is compiled. What the others may do differently is in the texts, and not in the types that
# they are compiled for: of each kernel its first instance, and every sixteenth, for each of them another one.
ARCHITECTURES = ["sm_90a", "sm_80", "sm_89", "sm_100a"]
SHARE = 16
# Kernels of one program: what they include is read once.
KERNELS_OF_A_PROGRAM = 32
OPTIONS = ["--std=c++17", "-default-device", "--ptxas-options=-v"]


def library():
    (path,) = pathlib.Path(sys.prefix).glob("lib/python*/site-packages/nvidia/*/lib/libnvrtc.so.1?")
    # NVRTC looks for them by their file name alone.
    for builtins in path.parent.glob("libnvrtc-builtins.so*"):
        ctypes.CDLL(str(builtins))
    return ctypes.CDLL(str(path))


def strings(texts):
    return (ctypes.c_char_p * len(texts))(*[text.encode() for text in texts])


def compiled(texts, source, names, architecture):
    """Compiles kernels of one source: an error or None, and the names of those that spill with the compiler's words."""
    nvrtc, program = library(), ctypes.c_void_p()
    nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), texts[source].encode(), source.encode(), len(texts),
        strings(list(texts.values())), strings(list(texts)))
    for name in names:
        nvrtc.nvrtcAddNameExpression(program, name.encode())
    options = OPTIONS + ["--gpu-architecture=" + architecture]
    status = nvrtc.nvrtcCompileProgram(program, len(options), strings(options))
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    words = log.value.decode()
    if status != 0:
        return f"{source} for {architecture}: {words}", {}
    name_of = {}
    for name in names:
        lowered = ctypes.c_char_p()
        nvrtc.nvrtcGetLoweredName(program, name.encode(), ctypes.byref(lowered))
        name_of[lowered.value.decode()] = name
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    properties = re.findall(r"Function properties for (\S+)\n(.*spill.*)", words)
    missing = set(name_of) - {lowered for lowered, _ in properties}
    if missing:
        return f"{source} for {architecture}: the log tells nothing of {sorted(missing)}", {}
    spilled = {
        name_of.get(lowered, lowered): line.strip() for lowered, line in properties
        if not re.search(r"\b0 bytes spill stores, 0 bytes spill loads", line)}
    return None, spilled


def chosen(kernels, number):
    """The kernels that are compiled for an architecture."""
    known, result = set(), []
    for position, (source, name) in enumerate(kernels):
        template = source, name.split("<")[0]
        if number == 0 or template not in known or position % SHARE == number:
            result.append((source, name))
        known.add(template)
    return result


def programs(kernels):
    """Kernels by their source, cut into programs."""
    names_of = {}
    for source, name in kernels:
        names_of.setdefault(source, []).append(name)
    for source, names in names_of.items():
        for begin in range(0, len(names), KERNELS_OF_A_PROGRAM):
            yield source, names[begin:begin + KERNELS_OF_A_PROGRAM]


def main(folder, kernels, allowed):
    start = time.monotonic()
    folder = pathlib.Path(folder)
    texts = {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}
    kernels = [line.split("\t") for line in pathlib.Path(kernels).read_text().splitlines()]
    lines = [line for line in pathlib.Path(allowed).read_text().splitlines() if line and line[0] != "#"]
    patterns = {line.split(": ", 1)[0]: False for line in lines}
    choices = [chosen(kernels, number) for number in range(len(ARCHITECTURES))]
    work = [
        (source, names, architecture) for architecture, choice in zip(ARCHITECTURES, choices)
        for source, names in programs(choice)]
    red = not kernels
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        futures = [pool.submit(compiled, texts, *item) for item in work]
        for (source, _, architecture), future in zip(work, futures):
            error, spilled = future.result()
            if error:
                red = True
                print(error)
            for name, line in spilled.items():
                known = [pattern for pattern in patterns if fnmatch.fnmatchcase(name, pattern)]
                for pattern in known:
                    patterns[pattern] = True
                if not known:
                    red = True
                    print(f"{source} for {architecture}: {name} has {line}")
    for pattern, is_used in patterns.items():
        if not is_used:
            red = True
            print(f"spills.txt: nothing that spills is called {pattern}")
    seconds = time.monotonic() - start
    shares = ", ".join(f"{len(choice)} for {architecture}" for architecture, choice in zip(ARCHITECTURES, choices))
    print(f"{len(kernels)} kernels, {len(ARCHITECTURES)} architectures, {seconds:.0f} seconds: {shares}")
    return 1 if red else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
