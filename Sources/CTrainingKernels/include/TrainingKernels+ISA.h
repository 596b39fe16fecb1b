#pragma once

// The instruction set levels, lowest first. Every body is compiled for each of them but `amx`, which has
// matrix products of bfloat16 of its own and uses those of avx512 for the rest.
typedef enum tk_isa : int32_t { tk_isa_baseline, tk_isa_avx2, tk_isa_avx512, tk_isa_amx } tk_isa;

// The level in use: what the machine has, narrowed by TRAININGKIT_ISA=baseline|avx2|avx512|amx.
tk_isa tk_isa_level(void);
const char *tk_isa_name(tk_isa level);
