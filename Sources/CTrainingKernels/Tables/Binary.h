// One row a function: name, y = f(A, B), and the interval both operands are sampled in. ANY rows
// are defined for integers too. Where an integer divisor is zero, the result is zero. A comparison
// is a mask, written as 1 or 0.
#ifndef BINARY_ANY
#define BINARY_ANY(...)
#endif
#ifndef BINARY_REAL
#define BINARY_REAL(...)
#endif
#ifndef COMPARISON
#define COMPARISON(...)
#endif

BINARY_ANY(add, A + B, -4, 4)
BINARY_ANY(sub, A - B, -4, 4)
BINARY_ANY(mul, A * B, -4, 4)
BINARY_ANY(minimum, SELECT(LT(A, B) | NE(A, A), A, B), -4, 4)
BINARY_ANY(maximum, SELECT(GT(A, B) | NE(A, A), A, B), -4, 4)
BINARY_ANY(remainder, REMAINDER(A, B), 0.5, 8)
BINARY_ANY(floorDivide, FLOOR_DIVIDE(A, B), 0.5, 8)
BINARY_ANY(logicalAnd, SELECT(NE(A, ZERO) & NE(B, ZERO), ONE, ZERO), -2, 2)
BINARY_ANY(logicalOr, SELECT(NE(A, ZERO) | NE(B, ZERO), ONE, ZERO), -2, 2)
BINARY_ANY(logicalXor, SELECT(NE(A, ZERO) ^ NE(B, ZERO), ONE, ZERO), -2, 2)

BINARY_REAL(div, A / B, 0.5, 4)
BINARY_REAL(pow, POW(A, B), 0.25, 4)
BINARY_REAL(atan2, ATAN2(A, B), 0.25, 4)

COMPARISON(equal, EQ(A, B), -4, 4)
COMPARISON(notEqual, NE(A, B), -4, 4)
COMPARISON(less, LT(A, B), -4, 4)
COMPARISON(lessEqual, LE(A, B), -4, 4)
COMPARISON(greater, GT(A, B), -4, 4)
COMPARISON(greaterEqual, GE(A, B), -4, 4)

#undef BINARY_ANY
#undef BINARY_REAL
#undef COMPARISON
