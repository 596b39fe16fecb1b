#pragma once

// The instruction set levels that every body is compiled for, lowest first.
typedef enum tk_isa : int32_t { tk_isa_baseline, tk_isa_avx2, tk_isa_avx512 } tk_isa;

// The level in use: what the machine has, narrowed by TRAININGKIT_ISA=baseline|avx2|avx512.
tk_isa tk_isa_level(void);
const char *tk_isa_name(tk_isa level);
