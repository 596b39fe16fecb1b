#include "TrainingDigits.h"

static const unsigned char csv[] = {
#embed "digits.csv"
};

const unsigned char *training_digits_csv(void) { return csv; }
size_t training_digits_csv_size(void) { return sizeof csv; }
