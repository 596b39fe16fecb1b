// One row a fold: name, where it starts, what an element X becomes, and A combined with B. MAXIMUM
// and MINIMUM keep NaN; LEAST and GREATEST are the ends of the compute type. Padding is made of the
// start, so that what the start becomes must be the start.
#ifndef REDUCTION
#define REDUCTION(...)
#endif

REDUCTION(sum, ZERO, X, A + B)
REDUCTION(product, ONE, X, A * B)
REDUCTION(maximum, LEAST, X, MAXIMUM(A, B))
REDUCTION(minimum, GREATEST, X, MINIMUM(A, B))
REDUCTION(any, ZERO, SELECT(NE(X, ZERO), ONE, ZERO), MAXIMUM(A, B))
REDUCTION(all, ONE, SELECT(NE(X, ZERO), ONE, ZERO), MINIMUM(A, B))

#undef REDUCTION
