// SPDX-License-Identifier: Apache-2.0
#include "fake_cuda.hpp"

#include <cstdlib>
#include <cstring>

namespace fake_cuda {

state now;

namespace {

/// \returns what the call of this name answers.
cudaError_t answer(const char* name) {
  if (now.stays_lost && !now.failed_call.empty()) return now.error;
  if (now.calls_left < 0 || now.calls_left-- != 0) return cudaSuccess;
  now.failed_call = name;
  return now.error;
}

/// \returns the same, and makes something to be freed.
template <class Handle>
cudaError_t make(const char* name, Handle* handle, std::size_t bytes = 1) {
  const cudaError_t said = answer(name);
  if (said != cudaSuccess) return said;
  *handle = static_cast<Handle>(std::malloc(bytes));
  ++now.held;
  return cudaSuccess;
}

/// A device that is lost frees nothing, but it takes the handle with it.
cudaError_t unmake(const char* name, void* handle) {
  std::free(handle);
  --now.held;
  return answer(name);
}

}  // namespace
}  // namespace fake_cuda

using fake_cuda::answer;
using fake_cuda::now;

extern "C" {

const char* cudaGetErrorName(cudaError_t) { return "cudaErrorOfTheFake"; }
const char* cudaGetErrorString(cudaError_t) { return "the fake fails"; }
cudaError_t cudaGetLastError() { return cudaSuccess; }

cudaError_t cudaDriverGetVersion(int* version) {
  *version = now.driver;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = 13000;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return answer("cudaGetDevice");
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr which, int) {
  switch (which) {
    case cudaDevAttrComputeCapabilityMajor: *value = now.major; break;
    case cudaDevAttrComputeCapabilityMinor: *value = now.minor; break;
    case cudaDevAttrCooperativeLaunch: *value = now.has_cooperative; break;
    case cudaDevAttrClusterLaunch: *value = now.has_clusters; break;
    case cudaDevAttrMaxSharedMemoryPerBlockOptin: *value = now.shared_bytes; break;
    case cudaDevAttrMultiProcessorCount: *value = now.sms; break;
    default: *value = 0;
  }
  return answer("cudaDeviceGetAttribute");
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* to, int) {
  *to = {};
  std::strcpy(to->name, "Fake");
  to->multiProcessorCount = now.sms;
  return answer("cudaGetDeviceProperties");
}
cudaError_t cudaFuncGetAttributes(cudaFuncAttributes* to, const void*) {
  *to                    = {};
  to->maxThreadsPerBlock = now.max_threads_per_block;
  return answer("cudaFuncGetAttributes");
}
cudaError_t cudaFuncSetAttribute(const void*, cudaFuncAttribute, int) {
  return answer("cudaFuncSetAttribute");
}
cudaError_t cudaOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, const void*, int,
                                                          std::size_t) {
  *blocks = now.blocks_per_sm;
  return answer("cudaOccupancyMaxActiveBlocksPerMultiprocessor");
}
cudaError_t cudaOccupancyMaxActiveClusters(int* clusters, const void*, const cudaLaunchConfig_t*) {
  *clusters = now.clusters;
  return answer("cudaOccupancyMaxActiveClusters");
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* to, unsigned) {
  return fake_cuda::make("cudaStreamCreateWithFlags", to);
}
cudaError_t cudaStreamDestroy(cudaStream_t what) {
  return fake_cuda::unmake("cudaStreamDestroy", what);
}
cudaError_t cudaStreamSynchronize(cudaStream_t) { return answer("cudaStreamSynchronize"); }
cudaError_t cudaEventCreate(cudaEvent_t* to) { return fake_cuda::make("cudaEventCreate", to); }
cudaError_t cudaEventDestroy(cudaEvent_t what) {
  return fake_cuda::unmake("cudaEventDestroy", what);
}
cudaError_t cudaEventRecord(cudaEvent_t, cudaStream_t) { return answer("cudaEventRecord"); }
cudaError_t cudaEventSynchronize(cudaEvent_t) { return answer("cudaEventSynchronize"); }
cudaError_t cudaEventQuery(cudaEvent_t) {
  const cudaError_t said = answer("cudaEventQuery");
  if (said != cudaSuccess || now.busy_checks == 0) return said;
  --now.busy_checks;
  return cudaErrorNotReady;
}
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t, cudaEvent_t) {
  *ms = 1;
  return answer("cudaEventElapsedTime");
}

cudaError_t cudaMalloc(void** to, std::size_t bytes) {
  return fake_cuda::make("cudaMalloc", to, bytes);
}
cudaError_t cudaFree(void* what) { return fake_cuda::unmake("cudaFree", what); }
cudaError_t cudaHostAlloc(void** to, std::size_t bytes, unsigned) {
  return fake_cuda::make("cudaHostAlloc", to, bytes);
}
cudaError_t cudaFreeHost(void* what) { return fake_cuda::unmake("cudaFreeHost", what); }
cudaError_t cudaHostGetDevicePointer(void** to, void* from, unsigned) {
  *to = from;
  return answer("cudaHostGetDevicePointer");
}
cudaError_t cudaMemsetAsync(void* to, int value, std::size_t bytes, cudaStream_t) {
  std::memset(to, value, bytes);
  return answer("cudaMemsetAsync");
}
cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t) {
  std::memcpy(to, from, bytes);
  return answer("cudaMemcpyAsync");
}
cudaError_t cudaLaunchKernelExC(const cudaLaunchConfig_t* with, const void*, void**) {
  ++now.launches;
  for (unsigned i = 0; i < with->numAttrs; ++i) {
    const cudaLaunchAttribute& one = with->attrs[i];
    if (one.id == cudaLaunchAttributeCooperative) now.is_cooperative = one.val.cooperative != 0;
    if (one.id == cudaLaunchAttributeClusterDimension) now.cluster = one.val.clusterDim.x;
  }
  return answer("cudaLaunchKernelExC");
}

}  // extern "C"
