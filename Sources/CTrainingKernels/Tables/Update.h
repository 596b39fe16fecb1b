// UPDATE(name, number of states, number of scalars, statements) over the lanes p (parameter), g
// (gradient) and S0 … (states, zero before the first step), and the scalars H0 … of this step.
// Every row's last scalar multiplies the gradient before its first statement (clipping, unscaling).
// Operations and their order are PyTorch's, so that results agree bit by bit where FMA is exact.

// g += H p: weight decay as a penalty in the gradient.
#define PENALTY(h) g = FMA(p, h, g);
// s = H s + (1 - H) g²
#define SQUARE_AVERAGE(s, decay, rest) SQUARE_AVERAGE_OF(g, s, decay, rest)
#define SQUARE_AVERAGE_OF(x, s, decay, rest) s = FMA((rest) * x, x, (s) * (decay));

// H: learningRate, weightDecay, gradientScale
UPDATE(sgd, 0, 3, PENALTY(H1) p = FMA(g, -H0, p);)

// H: learningRate, weightDecay, momentum, 1 - dampening (1 at the first step), momentum if Nesterov
// else 0, gradientScale. S0: velocity.
UPDATE(sgd_momentum, 1, 6, PENALTY(H1)
  S0 = FMA(g, H3, S0 * H2);
  p = FMA(SELECT(NE(H4, SPLAT(0)), FMA(S0, H4, g), S0), -H0, p);)

// Rows of moments share their scalars. H: factor of the step, 1 - beta1, beta2, 1 - beta2, correction
// of the root, epsilon, weightDecay, decay factor (1, or 1 - learningRate * weightDecay where
// decoupled), one more, gradientScale. S0, S1: the first two moments.
#define MOMENTS                                                                                    \
  S0 = LERP(S0, g, H1);                                                                            \
  SQUARE_AVERAGE(S1, H2, H3)

// H0: learningRate / (1 - beta1^t), H4: sqrt(1 - beta2^t). S2: the largest second moment so far.
UPDATE(adam, 2, 10, p = p * H7; PENALTY(H6)
  MOMENTS
  p = p - H0 * S0 / (SQRT(S1) / H4 + H5);)
UPDATE(amsgrad, 3, 10, p = p * H7; PENALTY(H6)
  MOMENTS
  S2 = SELECT(GT(S2, S1), S2, S1);
  p = p - H0 * S0 / (SQRT(S2) / H4 + H5);)
// H0 and H8: the steps by the moment and by the gradient, H4: 1 - beta2^t.
UPDATE(nadam, 2, 10, p = p * H7; PENALTY(H6)
  MOMENTS
  V root = SQRT(S1 / H4) + H5;
  p = p - H8 * g / root;
  p = p - H0 * S0 / root;)
// RAdam before the variance of its root is known to be small. H0: learningRate, H4: 1 - beta1^t.
UPDATE(radam_start, 2, 10, p = p * H7; PENALTY(H6)
  MOMENTS
  p = p - S0 / H4 * H0;)
// H0: learningRate / (1 - beta1^t). S1: the largest gradient so far, fading.
UPDATE(adamax, 2, 10, p = p * H7; PENALTY(H6)
  S0 = LERP(S0, g, H1);
  V faded = S1 * H2, size = ABS(g) + H5;
  S1 = SELECT(GT(faded, size), faded, size);
  p = p - H0 * S0 / S1;)
// H0: 1 / (1 - beta1^t), H4: sqrt(1 - beta2^t). S2: the direction, penalty included; p stays.
UPDATE(lamb_direction, 3, 10, MOMENTS
  S2 = FMA(p, H6, H0 * S0 / (SQRT(S1) / H4 + H5));)
// H8: epsilon^2. p becomes the gradient in units of its root.
UPDATE(stable_moments, 2, 10, MOMENTS
  p = g / SQRT(SELECT(GT(H8, S1), H8, S1));)

// H: learningRate, 1 - beta1, 1 - beta2, decay factor, gradientScale. S0: first moment.
UPDATE(lion, 1, 5, p = p * H3;
  V mean = LERP(S0, g, H1);
  p = p - H0 * SELECT(GT(mean, ZERO), ONE, SELECT(LT(mean, ZERO), -ONE, mean));
  S0 = LERP(S0, g, H2);)

// H: learningRate, epsilon, weightDecay, gradientScale. S0: sum of squares.
UPDATE(adagrad, 1, 4, PENALTY(H2)
  S0 = FMA(g, g, S0);
  p = p - H0 * g / (SQRT(S0) + H1);)
// H: learningRate, rho, 1 - rho, epsilon, weightDecay, gradientScale. S0, S1: square averages of
// gradients and of steps.
UPDATE(adadelta, 2, 6, PENALTY(H4)
  SQUARE_AVERAGE(S0, H1, H2)
  V step = SQRT(S1 + H3) / SQRT(S0 + H3) * g;
  SQUARE_AVERAGE_OF(step, S1, H1, H2)
  p = FMA(step, -H0, p);)

// H: 1 - beta2, epsilon^2, gradientScale. S0: square average. p becomes the direction.
#define DIRECTION(average) p = g / SQRT(SELECT(GT(H1, average), H1, average));
UPDATE(adafactor_vector, 1, 3, S0 = LERP(S0, g * g, H0); DIRECTION(S0))
// p: the estimate of the square average, which becomes the direction.
UPDATE(adafactor_matrix, 0, 3, DIRECTION(p))

// H: 1 - momentum, momentum if Nesterov else 1, gradientScale. S0: velocity. p becomes the
// direction.
UPDATE(muon_direction, 1, 3, S0 = LERP(S0, g, H0); p = LERP(g, S0, H1);)

// The gradient is a direction. H: step, decay factor, gradientScale.
UPDATE(descent, 0, 3, p = FMA(g, -H0, p * H1);)
// What weights in half precision stand for, and new values for them as gradient. H: gradientScale.
UPDATE(widen, 1, 1, S0 = p;)
UPDATE(assign, 0, 1, p = g;)

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
#undef SQUARE_AVERAGE_OF
#undef MOMENTS
#undef DIRECTION
#undef CENTERED
#undef UPDATE
