// The C face of libtorch: operators through the dispatcher, and beside it only what has no operator.
//
// Conventions
//   * A function that can fail returns NULL on success, or a message to be released with `ct_free`.
//   * `CTTensor *` results are owned by the caller and released with `ct_tensor_release`.
//   * Data types are the integers of c10::ScalarType, devices the strings of c10::Device ("cpu", "cuda:0").
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct CTTensor CTTensor;
typedef struct CTOperator CTOperator;
typedef struct CTGenerator CTGenerator;
typedef struct CTInferenceGuard CTInferenceGuard;
typedef struct CTGroup CTGroup;
typedef struct CTReducer CTReducer;

// MARK: Operators

enum {
  CT_NONE = 0,
  CT_TENSOR,
  CT_TENSORS,
  CT_INT,
  CT_INTS,
  CT_DOUBLE,
  CT_DOUBLES,
  CT_BOOL,
  CT_BOOLS,
  CT_STRING,
  CT_GENERATOR,
};

// One argument. Arrays live in the pools of the call: `integer` is then the first index, `count` the length.
typedef struct {
  int32_t tag;
  int64_t integer;  // value, or first index into a pool, or (generator) the pointer
  int64_t count;
  double real;
} CTArgument;

typedef struct {
  const int64_t *integers;
  const double *reals;
  CTTensor *const *tensors;  // NULL entries are "no tensor"
  const char *characters;    // UTF-8, not terminated
} CTPools;

// `name` such as "aten::linear", `overload` such as "" or "Tensor". The result lives as long as the process.
char *ct_operator_find(const char *name, const char *overload, const CTOperator **result);

// Arguments in the schema's order; missing trailing ones take its defaults. The results, the tensors of lists
// one after the other, are in an array to be released with `ct_free`; NULL entries are "no tensor".
char *ct_operator_call(const CTOperator *op, const CTArgument *arguments, size_t argument_count,
                       CTPools pools, CTTensor ***results, size_t *result_count);

// MARK: Tensors

// Wraps memory that stays with its owner until `release(context)` is called, once, also where this fails.
char *ct_tensor_from_memory(void *data, const int64_t *sizes, size_t rank, int32_t dtype,
                            void (*release)(void *), void *context, CTTensor **result);
CTTensor *ct_tensor_retain(const CTTensor *tensor);
void ct_tensor_release(CTTensor *tensor);
int32_t ct_tensor_dtype(const CTTensor *tensor);
int64_t ct_tensor_rank(const CTTensor *tensor);
void ct_tensor_sizes(const CTTensor *tensor, int64_t *sizes);
char *ct_tensor_strides(const CTTensor *tensor, int64_t *strides);
char *ct_tensor_data(const CTTensor *tensor, void **data);
// Writes the device's name, terminated, into `name` of `capacity` bytes.
void ct_tensor_device(const CTTensor *tensor, char *name, size_t capacity);
// How often the elements were written; -1 for a tensor made in inference mode, where nobody counts.
int64_t ct_tensor_version(const CTTensor *tensor);
// Counts a write that libtorch has not: operators that write to lists of tensors do not.
void ct_tensor_written(CTTensor *tensor);
// Tensors alive through this interface, for tests that look for leaks.
int64_t ct_tensor_count(void);

// MARK: Autograd

bool ct_requires_grad(const CTTensor *tensor);
char *ct_set_requires_grad(CTTensor *tensor, bool value);
char *ct_backward(CTTensor *root, const CTTensor *gradient, bool retain_graph);
// NULL where there is no gradient, or the tensor is not a leaf.
CTTensor *ct_gradient(const CTTensor *tensor);
char *ct_set_gradient(CTTensor *tensor, const CTTensor *gradient);

// A part of the network. Takes over the handles in `inputs`; returns NULL and, allocated by malloc, an array of
// handles that the caller then owns; or a message to be released with `ct_free`.
typedef char *(*CTBody)(void *context, CTTensor *const *inputs, size_t input_count, CTTensor ***results,
                        size_t *result_count);
// Runs `body` without recording, and again, recorded, when the backward pass comes to it: with the random numbers,
// the autocast and the inputs of the first time. `release(context)` is called once, also where this fails, when
// no backward pass can come any more. Results as those of `ct_operator_call`.
char *ct_checkpoint(CTBody body, void (*release)(void *), void *context, const CTTensor *const *inputs,
                    size_t input_count, CTTensor ***results, size_t *result_count);

// Guards of the calling thread; each returns what was there before.
bool ct_grad_mode(bool enabled);
// Whether the calling thread is in inference mode.
bool ct_inference_mode(void);
CTInferenceGuard *ct_inference_enter(void);
void ct_inference_leave(CTInferenceGuard *guard);
bool ct_autocast_enabled(const char *device_type);
// `dtype` < 0 turns autocast off. Returns the previous dtype, or -1 if it was off.
char *ct_autocast(const char *device_type, int32_t dtype, int32_t *previous);

// MARK: Randomness, threads, devices

char *ct_seed(uint64_t seed);
char *ct_generator_make(const char *device, uint64_t seed, CTGenerator **result);
// The one that operators draw from which are given none.
char *ct_generator_default(const char *device, CTGenerator **result);
void ct_generator_release(CTGenerator *generator);
// Bytes in a tensor on the CPU.
char *ct_generator_state(const CTGenerator *generator, CTTensor **result);
char *ct_set_generator_state(CTGenerator *generator, const CTTensor *state);

// Threads of one operator; the setting holds for the process.
char *ct_threads(int64_t *count);
char *ct_set_threads(int64_t count);
char *ct_parallel_for(int64_t begin, int64_t end, int64_t grain,
                      void (*body)(void *context, int64_t begin, int64_t end), void *context);

// MARK: Many processes

// Where the processes of a run find each other.
typedef struct {
  const char *host;
  uint16_t port;
  bool serves;            // whether this process answers at that address
  const char *prefix;     // of the keys there, for addresses that serve several runs
  const char *interface;  // of the network, or the address of one; NULL for the one of the machine's name
  int32_t rank;
  int32_t size;
  int64_t milliseconds;  // to wait for the others, now and in every collective operation
} CTRendezvous;

// Returns when all processes have come. The operators `_c10d_functional::…` know the group by its name.
char *ct_group_make(const CTRendezvous *rendezvous, CTGroup **result);
const char *ct_group_name(const CTGroup *group);
void ct_group_release(CTGroup *group);

// Averages the gradients of leaves over a group, in buckets that travel while the backward pass goes on.
char *ct_reducer_make(const CTGroup *group, const CTTensor *const *leaves, size_t count, CTReducer **result);
// The next backward pass is to be averaged.
char *ct_reducer_begin(CTReducer *reducer);
// That backward pass is over: leaves that it did not reach count as zero.
char *ct_reducer_end(CTReducer *reducer);
void ct_reducer_release(CTReducer *reducer);

// MARK: The machine

bool ct_cuda_available(void);
const char *ct_version(void);
// "AVX512", "AVX2", "DEFAULT", …: what ATen's own kernels use on this processor.
const char *ct_cpu_capability(void);
// Whether the processor multiplies bfloat16 numbers, and bytes, by instructions of its own that the kernels use.
bool ct_cpu_has_bfloat16(void);
bool ct_cpu_has_int8(void);

void ct_free(void *memory);

#ifdef __cplusplus
}
#endif
