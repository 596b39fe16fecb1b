// One row a function: name, what its derivatives read, y = f(X), G f'(X), G f''(X), and the
// interval it is sampled in. X, Y = f(X), G and the parameters P0, P1 are lanes; ANY rows are
// defined for integers too. A derivative of a piecewise function selects G and does not multiply it
// by a mask, so that an infinite G is dropped where the function is flat.
#ifndef UNARY_ANY
#define UNARY_ANY(...)
#endif
#ifndef UNARY_REAL
#define UNARY_REAL(...)
#endif

UNARY_ANY(neg, NONE, -X, -G, ZERO, -4, 4)
UNARY_ANY(abs, X, ABS(X), G * SIGN(X), ZERO, -4, 4)
UNARY_ANY(sign, NONE, SIGN(X), ZERO, ZERO, -4, 4)
UNARY_ANY(square, X, X * X, G * (X + X), G + G, -4, 4)
UNARY_ANY(relu, Y, SELECT(LT(X, ZERO), ZERO, X), SELECT(LE(Y, ZERO), ZERO, G), ZERO, -4, 4)
UNARY_ANY(clamp, X, CLAMP(X, P0, P1), SELECT(GE(X, P0) & LE(X, P1), G, ZERO), ZERO, -4, 4)
UNARY_ANY(isNaN, NONE, SELECT(NE(X, X), ONE, ZERO), ZERO, ZERO, -4, 4)
UNARY_ANY(isFinite, NONE, SELECT(EQ(X - X, ZERO), ONE, ZERO), ZERO, ZERO, -4, 4)
UNARY_ANY(logicalNot, NONE, SELECT(EQ(X, ZERO), ONE, ZERO), ZERO, ZERO, -4, 4)

UNARY_REAL(exp, Y, EXP(X), G * Y, G * Y, -4, 4)
UNARY_REAL(expm1, Y, EXPM1(X), G * (Y + ONE), G * (Y + ONE), -4, 4)
UNARY_REAL(log, X, LOG(X), G / X, -G / (X * X), 0.05, 8)
UNARY_REAL(log1p, X, LOG1P(X), G / (X + ONE), -G / ((X + ONE) * (X + ONE)), -0.9, 8)
UNARY_REAL(sqrt, Y, SQRT(X), G / (Y + Y), G * SPLAT(-0.25) / (Y * Y * Y), 0.05, 8)
UNARY_REAL(rsqrt, Y, ONE / SQRT(X), G * SPLAT(-0.5) * Y * Y * Y,
           G * SPLAT(0.75) * Y * Y * Y * Y * Y, 0.05, 8)
UNARY_REAL(reciprocal, Y, ONE / X, -G * Y * Y, (G + G) * Y * Y * Y, 0.25, 4)
UNARY_REAL(powScalar, X, POW(X, P0), SELECT(EQ(P0, ZERO), ZERO, G * P0 * POW(X, P0 - ONE)),
           SELECT(EQ(P0, ZERO) | EQ(P0, ONE), ZERO,
                  G * P0 * (P0 - ONE) * POW(X, P0 - ONE - ONE)), 0.25, 4)

UNARY_REAL(sin, XY, SIN(X), G * COS(X), -G * Y, -6, 6)
UNARY_REAL(cos, XY, COS(X), -G * SIN(X), -G * Y, -6, 6)
UNARY_REAL(tan, Y, TAN(X), G * (ONE + Y * Y), (G + G) * Y * (ONE + Y * Y), -1.2, 1.2)
UNARY_REAL(asin, X, ASIN(X), G / SQRT(ONE - X * X), G * X / CUBE(SQRT(ONE - X * X)), -0.9, 0.9)
UNARY_REAL(acos, X, ACOS(X), -G / SQRT(ONE - X * X), -G * X / CUBE(SQRT(ONE - X * X)), -0.9, 0.9)
UNARY_REAL(atan, X, ATAN(X), G / (ONE + X * X), -(G + G) * X / SQUARE(ONE + X * X), -4, 4)
UNARY_REAL(tanh, Y, TANH(X), G * (ONE - Y * Y), SPLAT(-2) * G * Y * (ONE - Y * Y), -4, 4)
UNARY_REAL(erf, X, ERF(X), G * SPLAT(1.1283791670955126) * GAUSSIAN(X),
           G * SPLAT(-2.2567583341910251) * X * GAUSSIAN(X), -3, 3)
UNARY_REAL(floor, NONE, FLOOR(X), ZERO, ZERO, -4, 4)
UNARY_REAL(ceil, NONE, -FLOOR(-X), ZERO, ZERO, -4, 4)
UNARY_REAL(round, NONE, ROUND(X), ZERO, ZERO, -4, 4)

UNARY_REAL(sigmoid, Y, SIGMOID(X), G * Y * (ONE - Y), G * Y * (ONE - Y) * (ONE - Y - Y), -6, 6)
UNARY_REAL(logSigmoid, X, MINIMUM(X, ZERO) - LOG1P(EXP(-ABS(X))), G * SIGMOID(-X),
           -G * SIGMOID(X) * SIGMOID(-X), -6, 6)
UNARY_REAL(softplus, X, SELECT(GT(X * P0, P1), X, SOFTPLUS(X * P0) / P0),
           SELECT(GT(X * P0, P1), G, G * SIGMOID(X * P0)),
           SELECT(GT(X * P0, P1), ZERO, G * P0 * SIGMOID(X * P0) * SIGMOID(-X * P0)), -6, 6)
UNARY_REAL(softsign, X, X / (ONE + ABS(X)), G / SQUARE(ONE + ABS(X)),
           SPLAT(-2) * G * SIGN(X) / CUBE(ONE + ABS(X)), -4, 4)

UNARY_REAL(leakyReLU, X, SELECT(GT(X, ZERO), X, X * P0), SELECT(GT(X, ZERO), G, G * P0), ZERO,
           -4, 4)
UNARY_REAL(elu, X, SELECT(GT(X, ZERO), X, P0 * EXPM1(X)), SELECT(GT(X, ZERO), G, G * P0 * EXP(X)),
           SELECT(LE(X, ZERO), G * P0 * EXP(X), ZERO), -4, 4)
UNARY_REAL(celu, X, SELECT(LE(X, ZERO), P0 * EXPM1(X / P0), X),
           SELECT(GT(X, ZERO), G, G * EXP(X / P0)), SELECT(LE(X, ZERO), G * EXP(X / P0) / P0, ZERO),
           -4, 4)
UNARY_REAL(selu, X, SELECT(LE(X, ZERO), SELU_SLOPE * EXPM1(X), SELU_SCALE * X),
           SELECT(GT(X, ZERO), SELU_SCALE * G, SELU_SLOPE * G * EXP(X)),
           SELECT(LE(X, ZERO), SELU_SLOPE * G * EXP(X), ZERO), -4, 4)

UNARY_REAL(gelu, X, X * NORMAL_CDF(X), G * (NORMAL_CDF(X) + X * NORMAL_PDF(X)),
           G * (SPLAT(2) - X * X) * NORMAL_PDF(X), -4, 4)
UNARY_REAL(geluTanh, X, X * GELU_TANH_GATE(X),
           G * SLOPE_OF_GATED(X, GELU_TANH_GATE(X), GELU_TANH_SLOPE(X)),
           G * BEND_OF_GATED(X, GELU_TANH_GATE(X), GELU_TANH_SLOPE(X), GELU_TANH_BEND(X)),
           -4, 4)
UNARY_REAL(silu, X, X * SIGMOID(X), G * SLOPE_OF_GATED(X, SIGMOID(X), ONE),
           G * BEND_OF_GATED(X, SIGMOID(X), ONE, ZERO), -6, 6)
UNARY_REAL(mish, X, X * TANH_SOFTPLUS(X), G * MISH_SLOPE(X), G * MISH_BEND(X), -6, 6)

UNARY_REAL(relu6, X, CLAMP(X, ZERO, SPLAT(6)), SELECT(GT(X, ZERO) & LT(X, SPLAT(6)), G, ZERO), ZERO,
           -2, 8)
UNARY_REAL(hardtanh, X, CLAMP(X, P0, P1), SELECT(GT(X, P0) & LT(X, P1), G, ZERO), ZERO, -3, 3)
UNARY_REAL(hardsigmoid, X, CLAMP(X + SPLAT(3), ZERO, SPLAT(6)) / SPLAT(6),
           SELECT(GT(X, SPLAT(-3)) & LT(X, SPLAT(3)), G / SPLAT(6), ZERO), ZERO, -5, 5)
UNARY_REAL(hardswish, X, X * CLAMP(X + SPLAT(3), ZERO, SPLAT(6)) / SPLAT(6),
           SELECT(LE(X, SPLAT(-3)), ZERO,
                  SELECT(GE(X, SPLAT(3)), G, G * (X / SPLAT(3) + SPLAT(0.5)))),
           SELECT(GT(X, SPLAT(-3)) & LT(X, SPLAT(3)), G / SPLAT(3), ZERO), -5, 5)
UNARY_REAL(threshold, X, SELECT(LE(X, P0), P1, X), SELECT(LE(X, P0), ZERO, G), ZERO, -4, 4)
UNARY_REAL(softshrink, X, SELECT(LE(ABS(X), P0), ZERO, X - SIGN(X) * P0),
           SELECT(GT(ABS(X), P0), G, ZERO), ZERO, -4, 4)
UNARY_REAL(hardshrink, X, SELECT(LE(ABS(X), P0), ZERO, X), SELECT(GT(ABS(X), P0), G, ZERO), ZERO,
           -4, 4)
UNARY_REAL(tanhshrink, X, TANHSHRINK(X), G * SQUARE(TANH(X)),
           G * TANH(X) * (SPLAT(2) - SPLAT(2) * SQUARE(TANH(X))), -4, 4)

#undef UNARY_ANY
#undef UNARY_REAL
