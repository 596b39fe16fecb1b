// The constants of one real instance: layout of the float, splits of irrational numbers (high parts
// end in zeros, so that small multiples of them are exact), and terms of polynomials, lowest first,
// that were fitted at Chebyshev nodes in 60 digits.
#undef FRACTION_BITS
#if COMPUTE_BITS == 32
#define FRACTION_BITS 23
static const REAL NAME(infinity) = __builtin_inff();
static const REAL NAME(bias) = 127;
static const REAL NAME(smallest_normal) = 0x1p-126f;
// Adding and subtracting it rounds to an integer.
static const REAL NAME(rounder) = 0x1.8p23f;
static const REAL NAME(ln2_high) = 0x1.62e0p-1f;
static const REAL NAME(ln2_low) = 0x1.0bfbe8e7bcd5ep-15f;
// Outside of these bounds, exp is zero or infinite, and exp of a squared argument is zero.
static const REAL NAME(exp_least) = -104.5f, NAME(exp_greatest) = 89;
static const REAL NAME(gaussian_end) = 15;
static const REAL NAME(tanh_end) = 10;
static const REAL NAME(erfc_end) = 10.2f;
static const REAL NAME(angle_end) = 65536;
static const UINT NAME(upper_half) = 0xfffff000;

// (exp(x) - 1 - x) / x^2 for |x| <= ln(2) / 2
static const REAL NAME(exp_terms)[] = {0.5f, 0.166666672f, 0.041666463f, 0.00833331048f,
  0.00139336742f, 0.000198910173f};
// (log((1 + s) / (1 - s)) - 2 s) / s^3 in s^2 for 1 + x = (1 + s) / (1 - s) from sqrt(1/2) to
// sqrt(2)
static const REAL NAME(log_terms)[] = {0.666666687f, 0.400001228f, 0.285508037f, 0.233309641f};
// erf(x) / x - 1 in x^2 for |x| <= 1
static const REAL NAME(erf_terms)[] = {0.128379166f, -0.37612626f, 0.112835944f, -0.0268542115f,
  0.00518908724f, -0.00080168643f, 7.87587487e-05f};
// (x + pivot) exp(x^2) erfc(x) in (x - pivot) / (x + pivot)
static const REAL NAME(erfc_pivot) = 3;
static const REAL NAME(erfc_terms)[] = {1.07400692f, -0.88339448f, 0.590228438f, -0.310466617f,
  0.119527221f, -0.0268366765f, -0.00121696445f, 0.00307808351f, -0.000499071262f,
  -0.000333824515f};
// (tanh(x) - x) / x^3 in x^2 for |x| <= 0.625
static const REAL NAME(tanh_terms)[] = {-0.333333343f, 0.133333042f, -0.0539592579f, 0.0217689183f,
  -0.00834394526f, 0.00229274482f};
// (sin(x) - x) / x^3 and (cos(x) - 1 + x^2 / 2) / x^4 in x^2 for |x| <= 0.8
static const REAL NAME(sin_terms)[] = {-0.166666672f, 0.00833333191f, -0.000198399968f,
  2.72384545e-06f};
static const REAL NAME(cos_terms)[] = {0.0416666642f, -0.00138882583f, 2.45384745e-05f};
// (atan(x) - x) / x^3 in x^2 for |x| <= 1
static const REAL NAME(atan_terms)[] = {-0.333333343f, 0.199999496f, -0.142840043f, 0.110882618f,
  -0.089318268f, 0.0703191459f, -0.0489605144f, 0.0263050012f, -0.00914462935f, 0.00148869189f};
#else
#define FRACTION_BITS 52
static const REAL NAME(infinity) = __builtin_inf();
static const REAL NAME(bias) = 1023;
static const REAL NAME(smallest_normal) = 0x1p-1022;
static const REAL NAME(rounder) = 0x1.8p52;
static const REAL NAME(ln2_high) = 0x1.62e42fefp-1;
static const REAL NAME(ln2_low) = 0x1.473de6af278edp-34;
static const REAL NAME(exp_least) = -746, NAME(exp_greatest) = 710;
static const REAL NAME(gaussian_end) = 40;
static const REAL NAME(tanh_end) = 20;
static const REAL NAME(erfc_end) = 28;
static const REAL NAME(angle_end) = 1048576;
static const UINT NAME(upper_half) = 0xfffffffff8000000;

static const REAL NAME(exp_terms)[] = {0.5, 0.16666666666666671, 0.041666666666666671,
  0.0083333333333261202, 0.0013888888888883737, 0.00019841269874873975, 2.4801587325585839e-05,
  2.7557255332554409e-06, 2.7557273594799413e-07, 2.5105245153901371e-08, 2.0914707069612355e-09};
static const REAL NAME(log_terms)[] = {0.66666666666666663, 0.40000000000000879,
  0.28571428570801954, 0.22222222392089008, 0.18181795600060793, 0.15386241881938595,
  0.13268714792348096, 0.13087236196659621};
// The same without the leading 2/3, which pow holds to more digits.
static const REAL NAME(log_tail_terms)[] = {0.40000000000000002, 0.28571428571429369,
  0.22222222221654733, 0.1818181833565416, 0.15384594934597912, 0.13334806212100811,
  0.11706195689876644, 0.11723603622948171};
static const REAL NAME(erf_terms)[] = {0.12837916709551256, -0.37612638903183543,
  0.11283791670945006, -0.02686617064323777, 0.0052239776071164225, -0.00085483259753896918,
  0.00012055294904839707, -1.4924736907419661e-05, 1.6447424703317362e-06, -1.6208483801871705e-07,
  1.3720064546777686e-08, -7.7958988270021425e-10};
static const REAL NAME(erfc_pivot) = 4;
static const REAL NAME(erfc_terms)[] = {1.0959956610004911, -0.97654872908088208,
  0.77320870226523741, -0.54085383131322007, 0.33085158787798813, -0.17401093724044453,
  0.076381514909877712, -0.02637005333230321, 0.0061120556492774555, -0.00028095893558087193,
  -0.00045505264556396541, 0.00017681319046764806, -3.635296646587849e-06, -1.8862135071311391e-05,
  4.694619976583313e-06, 1.4268525380407012e-06, -8.4629150172521101e-07, -7.9000300073247832e-08,
  1.2397022621920958e-07, 3.3863100022513686e-09, -1.5213206819950384e-08, -6.3690374625306797e-10,
  9.084541771213907e-10};
static const REAL NAME(tanh_terms)[] = {-0.33333333333333331, 0.13333333333333042,
  -0.053968253967896992, 0.021869488519008305, -0.0088632351032408782, 0.0035921217511549622,
  -0.0014557754120478055, 0.00058966065777570434, -0.0002375906496055562, 9.2571161295567687e-05,
  -3.1201101425797402e-05, 6.485163482793113e-06};
static const REAL NAME(sin_terms)[] = {-0.16666666666666663, 0.0083333333333304675,
  -0.00019841269836043575, 2.7557315738586845e-06, -2.5051057394492127e-08, 1.5912864224903485e-10};
static const REAL NAME(cos_terms)[] = {0.041666666666666664, -0.0013888888888887096,
  2.4801587298318395e-05, -2.7557317044035669e-07, 2.0876099692314926e-09, -1.1379338585298136e-11};
static const REAL NAME(atan_terms)[] = {-0.33333333333333331, 0.19999999999999554,
  -0.14285714285648404, 0.11111111107234799, -0.090909089695574027, 0.076923053546786552,
  -0.066666364357776925, 0.058820749563712943, -0.052612657357094542, 0.04752086773576656,
  -0.04308119655330471, 0.038726402140426323, -0.033750132001619734, 0.027567942297344678,
  -0.020238706986393514, 0.012756172907694298, -0.006575683344151699, 0.0026229778919060892,
  -0.00075184725269738216, 0.0001368724853148122, -1.1832505417555692e-05};
// pi/2 as a sum: the first three have 33 bits.
static const REAL NAME(half_pi_parts)[] = {0x1.921fb544p+0, 0x1.0b4611a6p-34, 0x1.3198a2ep-69,
  0x1.b839a252049c1p-104};
#endif
