// Handwritten digits, 1,797 rows of 64 pixels (8 x 8, 0 to 16) and the class.
// E. Alpaydin and C. Kaynak, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
// 1998, doi:10.24432/C50P49, licence CC BY 4.0.
#ifndef TRAINING_DIGITS_H
#define TRAINING_DIGITS_H

#include <stddef.h>

const unsigned char *training_digits_csv(void);
size_t training_digits_csv_size(void);

#endif
