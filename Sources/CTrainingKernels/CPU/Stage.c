#include "TrainingKernels.h"

#define BODY_WITH_INTEGERS
#define BODY "Stage.body.h"
#include "ForEachISA.h"
