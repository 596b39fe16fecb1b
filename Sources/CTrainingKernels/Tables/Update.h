// UPDATE(name, number of states, number of scalars, statements) over the lanes p (parameter), g
// (gradient) and S0 … (states, zero before the first step), and the scalars H0 … of this step.
// Every row's last scalar multiplies the gradient before its first statement (clipping, unscaling).
// Operations and their order are PyTorch's, so that results agree bit by bit where FMA is exact.

// g += H p: weight decay as a penalty in the gradient.
#define PENALTY(h) g = FMA(p, h, g);
// s = H s + (1 - H) g²
#define SQUARE_AVERAGE(s, decay, rest) s = FMA((rest) * g, g, (s) * (decay));

// H: learningRate, weightDecay, gradientScale
UPDATE(sgd, 0, 3, PENALTY(H1) p = FMA(g, -H0, p);)

// H: learningRate, weightDecay, momentum, 1 - dampening (1 at the first step), momentum if Nesterov
// else 0, gradientScale. S0: velocity.
UPDATE(sgd_momentum, 1, 6, PENALTY(H1)
  S0 = FMA(g, H3, S0 * H2);
  p = FMA(SELECT(NE(H4, SPLAT(0)), FMA(S0, H4, g), S0), -H0, p);)

// H: learningRate / (1 - beta1^t), 1 - beta1, beta2, 1 - beta2, sqrt(1 - beta2^t), epsilon,
// weightDecay, decay factor (1, or 1 - learningRate * weightDecay where decoupled), gradientScale.
// S0, S1: the first two moments; S2: the largest second moment so far.
UPDATE(adam, 2, 9, p = p * H7; PENALTY(H6)
  S0 = LERP(S0, g, H1);
  SQUARE_AVERAGE(S1, H2, H3)
  p = p - H0 * S0 / (SQRT(S1) / H4 + H5);)
UPDATE(amsgrad, 3, 9, p = p * H7; PENALTY(H6)
  S0 = LERP(S0, g, H1);
  SQUARE_AVERAGE(S1, H2, H3)
  S2 = SELECT(GT(S2, S1), S2, S1);
  p = p - H0 * S0 / (SQRT(S2) / H4 + H5);)

// H: learningRate, alpha, 1 - alpha, epsilon, momentum, weightDecay, gradientScale.
// S0: square average; then, where the name says so, gradient average and velocity.
#define CENTERED(mean) SQRT(FMA(-(mean), mean, S0))
UPDATE(rmsprop, 1, 7, PENALTY(H5)
  SQUARE_AVERAGE(S0, H1, H2)
  p = p - H0 * g / (SQRT(S0) + H3);)
UPDATE(rmsprop_momentum, 2, 7, PENALTY(H5)
  SQUARE_AVERAGE(S0, H1, H2)
  S1 = S1 * H4 + g / (SQRT(S0) + H3);
  p = FMA(S1, -H0, p);)
UPDATE(rmsprop_centered, 2, 7, PENALTY(H5)
  SQUARE_AVERAGE(S0, H1, H2)
  S1 = LERP(S1, g, H2);
  p = p - H0 * g / (CENTERED(S1) + H3);)
UPDATE(rmsprop_centered_momentum, 3, 7, PENALTY(H5)
  SQUARE_AVERAGE(S0, H1, H2)
  S1 = LERP(S1, g, H2);
  S2 = S2 * H4 + g / (CENTERED(S1) + H3);
  p = FMA(S2, -H0, p);)

#undef PENALTY
#undef SQUARE_AVERAGE
#undef CENTERED
#undef UPDATE
