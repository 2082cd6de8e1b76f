/* Loaded before PyTorch (LD_PRELOAD, `make ... KERNELS=zen`), it has MKL compute on an Intel processor with the kernels that it has
   for AMD's Zen. PyTorch carries MKL in its own library and looks these three functions up by name, so the ones loaded first answer.
   With AVX-512 on both, trainings then come out as on a Zen 4 to the last digit (nbs/studies/arithmetic.ipynb); MKL's own settings
   (MKL_CBWR, MKL_ENABLE_INSTRUCTIONS) name no branch that is Zen's. */
int mkl_serv_intel_cpu_true(void) { return 0; }
int mkl_serv_intel_cpu(void) { return 0; }
int mkl_serv_cpuiszen(void) { return 1; }
