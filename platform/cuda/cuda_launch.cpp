// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/cuda/cuda_error.hpp>
#include <cowarp/platform/cuda/cuda_launch.hpp>
#include <cowarp/platform/this_block.hpp>

#include <algorithm>
#include <cstring>
#include <thread>

namespace cowarp {

cuda_error::cuda_error(cudaError_t code, const char* tried, std::source_location where,
                       std::string last_known)
    : std::runtime_error(std::string("cowarp: could not ") + tried + ": " +
                         cudaGetErrorString(code) + " (" + cudaGetErrorName(code) + ", " +
                         where.file_name() + ":" + std::to_string(where.line()) + ")" +
                         (last_known.empty() ? "" : "\n" + last_known)),
      code_(code),
      last_known_(std::move(last_known)) {}

void check(cudaError_t code, const char* tried, std::source_location where) {
  if (code == cudaSuccess) return;
  // Forget the error, unless the context is lost: the next launch must not see it again.
  static_cast<void>(cudaGetLastError());
  throw cuda_error(code, tried, where);
}

namespace platform {
namespace {

constexpr int lanes = 32;

int attribute(cudaDeviceAttr which, int device) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, which, device), "read a device attribute");
  return value;
}

/// \returns a version as CUDA numbers it, in words: 13000 is "13.0".
std::string version_in_words(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

/// Throws what a driver that is older than the program's CUDA calls for; nothing if it is not.
void refuse_old_driver(cudaError_t said) {
  if (said != cudaErrorInsufficientDriver) return;
  int driver  = 0;
  int runtime = 0;
  static_cast<void>(cudaDriverGetVersion(&driver));
  static_cast<void>(cudaRuntimeGetVersion(&runtime));
  static_cast<void>(cudaGetLastError());
  throw configuration_error("cowarp: this program was built with CUDA " +
                            version_in_words(runtime) + " and the driver " +
                            (driver == 0 ? std::string("is missing")
                                         : "serves CUDA " + version_in_words(driver) + " at most") +
                            ": install a driver for CUDA " + version_in_words(runtime) +
                            " or newer, or build with an older CUDA");
}

/// Throws what a GPU calls for whose code is not in the program; nothing if it is.
void refuse_other_gpu(cudaError_t said, int major, int minor) {
  if (said != cudaErrorNoKernelImageForDevice && said != cudaErrorInvalidDeviceFunction &&
      said != cudaErrorUnsupportedPtxVersion) {
    return;
  }
  static_cast<void>(cudaGetLastError());
  const std::string number = std::to_string(major * 10 + minor);
  throw configuration_error("cowarp: this program was not compiled for this GPU, which is sm_" +
                            number + ": add " + number +
                            " to CMAKE_CUDA_ARCHITECTURES, or compile with -arch=sm_" + number);
}

}  // namespace

cuda_launch::cuda_launch(const launch_plan& plan, const void* kernel)
    : plan_(plan), kernel_(kernel) {
  try {
    resolve();
    stream_ = static_cast<cudaStream_t>(plan.stream);
    if (stream_ == nullptr) {
      check(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking), "create a stream");
      owns_stream_ = true;
    }
    check(cudaEventCreate(&begin_), "create an event");
    check(cudaEventCreate(&end_), "create an event");
    check(cudaHostAlloc(&line_, line_bytes, cudaHostAllocMapped), "allocate mapped memory");
    std::memset(line_, 0, line_bytes);
    check(cudaHostGetDevicePointer(&line_on_device_, line_, 0), "map memory");
  } catch (...) {
    release();
    throw;
  }
}

cuda_launch::~cuda_launch() { release(); }

void cuda_launch::release() noexcept {
  for (void* memory : memory_) static_cast<void>(cudaFree(memory));
  for (void* memory : visible_memory_) static_cast<void>(cudaFreeHost(memory));
  if (line_ != nullptr) static_cast<void>(cudaFreeHost(line_));
  if (begin_ != nullptr) static_cast<void>(cudaEventDestroy(begin_));
  if (end_ != nullptr) static_cast<void>(cudaEventDestroy(end_));
  if (owns_stream_) static_cast<void>(cudaStreamDestroy(stream_));
}

void cuda_launch::resolve() {
  const cudaError_t found = cudaGetDevice(&device_);
  refuse_old_driver(found);
  check(found, "find a GPU");
  const int major = attribute(cudaDevAttrComputeCapabilityMajor, device_);
  const int minor = attribute(cudaDevAttrComputeCapabilityMinor, device_);
  if (major < 7) {
    throw configuration_error(
        "cowarp: needs a GPU of compute capability 7.0 or newer (independent "
        "thread scheduling); this one has " +
        std::to_string(major) + "." + std::to_string(minor));
  }
  if (attribute(cudaDevAttrCooperativeLaunch, device_) == 0) {
    throw configuration_error("cowarp: this GPU cannot launch cooperatively");
  }
  // This also loads the kernel.
  cudaFuncAttributes kernel{};
  const cudaError_t loaded = cudaFuncGetAttributes(&kernel, kernel_);
  refuse_other_gpu(loaded, major, minor);
  check(loaded, "load the executor's kernel");
  plan_.cluster_blocks = std::max(plan_.cluster_blocks, 1u);

  const auto limit =
      static_cast<std::size_t>(attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, device_)) -
      kernel.sharedSizeBytes;
  if (plan_.shared_bytes > limit) {
    throw configuration_error(
        "cowarp: a block of this program needs " + std::to_string(plan_.shared_bytes) +
        " bytes of shared memory and the GPU has " + std::to_string(limit) +
        ": make the block state or the pools smaller, or put the frames in global memory "
        "(static constexpr auto frames = cowarp::memory::global)");
  }
  check(cudaFuncSetAttribute(kernel_, cudaFuncAttributeMaxDynamicSharedMemorySize,
                             static_cast<int>(plan_.shared_bytes)),
        "set the kernel's shared memory");

  const auto most    = static_cast<std::uint32_t>(kernel.maxThreadsPerBlock / lanes);
  const auto allowed = std::min(most, plan_.max_workers);
  if (plan_.workers == 0) plan_.workers = std::clamp(plan_.words, 1u, allowed);
  if (plan_.workers > allowed) {
    throw configuration_error("cowarp: " + std::to_string(plan_.workers) +
                              " workers are more than this program can have in a block: ask for " +
                              std::to_string(allowed) + " or fewer");
  }

  int per_sm = 0;
  check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(
            &per_sm, kernel_, static_cast<int>(plan_.workers) * lanes, plan_.shared_bytes),
        "ask how many blocks fit");
  const auto sms = static_cast<std::uint32_t>(attribute(cudaDevAttrMultiProcessorCount, device_));
  const std::uint32_t most_blocks =
      std::min(static_cast<std::uint32_t>(per_sm) * sms, platform::most_blocks);
  if (plan_.blocks == 0) {
    plan_.blocks = std::min(sms, most_blocks);
    plan_.blocks -= plan_.blocks % plan_.cluster_blocks;
  }
  if (most_blocks == 0) {
    throw configuration_error("cowarp: not even one block of " + std::to_string(plan_.workers) +
                              " workers and " + std::to_string(plan_.shared_bytes) +
                              " bytes of shared memory fits on this GPU: ask for fewer workers, or "
                              "give the program a smaller max_workers, which leaves each more "
                              "registers");
  }
  if (plan_.blocks > most_blocks) {
    throw configuration_error(
        "cowarp: " + std::to_string(plan_.blocks) + " blocks of " + std::to_string(plan_.workers) +
        " workers and " + std::to_string(plan_.shared_bytes) +
        " bytes of shared memory do not fit on the GPU at once, which they must: ask for " +
        std::to_string(most_blocks) + " or fewer");
  }
  if (plan_.cluster_blocks > 1) resolve_clusters();
}

void cuda_launch::resolve_clusters() {
  const std::string asked =
      "cowarp: clusters of " + std::to_string(plan_.cluster_blocks) + " blocks";
  if (attribute(cudaDevAttrClusterLaunch, device_) == 0) {
    throw configuration_error(asked + " need a GPU of compute capability 9.0 or newer");
  }
  if (plan_.blocks % plan_.cluster_blocks != 0) {
    throw configuration_error(asked + " cannot make up " + std::to_string(plan_.blocks) +
                              " blocks: ask for a multiple");
  }
  cudaLaunchAttribute attributes[2];
  const cudaLaunchConfig_t configured = configuration(attributes);
  int clusters                        = 0;
  check(cudaOccupancyMaxActiveClusters(&clusters, kernel_, &configured),
        "ask how many clusters fit");
  const auto most = static_cast<std::uint32_t>(clusters) * plan_.cluster_blocks;
  if (plan_.blocks > most) {
    throw configuration_error(asked + " fit on the GPU for " + std::to_string(most) +
                              " blocks at once, which all must: ask for no more");
  }
}

cudaLaunchConfig_t cuda_launch::configuration(cudaLaunchAttribute (&attributes)[2]) const {
  attributes[0].id              = cudaLaunchAttributeCooperative;
  attributes[0].val.cooperative = 1;
  attributes[1].id              = cudaLaunchAttributeClusterDimension;
  attributes[1].val.clusterDim  = {plan_.cluster_blocks, 1, 1};
  cudaLaunchConfig_t configured = {};
  configured.gridDim            = dim3(plan_.blocks);
  configured.blockDim           = dim3(plan_.workers * lanes);
  configured.dynamicSmemBytes   = plan_.shared_bytes;
  configured.stream             = stream_;
  configured.attrs              = attributes;
  configured.numAttrs           = plan_.cluster_blocks > 1 ? 2 : 1;
  return configured;
}

std::string cuda_launch::name() const {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device_), "read the device's name");
  return std::string("cuda: ") + properties.name + ", " +
         std::to_string(properties.multiProcessorCount) + " SMs";
}

unsigned char* cuda_launch::allocate(std::size_t bytes) {
  void* memory = nullptr;
  check(cudaMalloc(&memory, bytes), "allocate the program's memory on the GPU");
  memory_.push_back(memory);
  check(cudaMemsetAsync(memory, 0, bytes, stream_), "clear the program's memory");
  return static_cast<unsigned char*>(memory);
}

visible_memory cuda_launch::allocate_visible(std::size_t bytes) {
  void* memory    = nullptr;
  void* on_device = nullptr;
  check(cudaHostAlloc(&memory, bytes, cudaHostAllocMapped), "allocate mapped memory");
  visible_memory_.push_back(memory);
  std::memset(memory, 0, bytes);
  check(cudaHostGetDevicePointer(&on_device, memory, 0), "map memory");
  return {static_cast<unsigned char*>(memory), static_cast<unsigned char*>(on_device)};
}

void cuda_launch::check_blocks(cudaError_t code, const char* tried,
                               std::source_location where) const {
  if (code == cudaSuccess) return;
  static_cast<void>(cudaGetLastError());  // as in `check`
  throw cuda_error(code, tried, where, last_known_ ? last_known_() : std::string());
}

void cuda_launch::upload(void* to, const void* from, std::size_t bytes) const {
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream_), "copy to the GPU");
  check(cudaStreamSynchronize(stream_), "copy to the GPU");
}

void cuda_launch::download(void* to, const void* from, std::size_t bytes) const {
  check_blocks(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream_),
               "copy from the GPU");
  check_blocks(cudaStreamSynchronize(stream_), "copy from the GPU");
}

void cuda_launch::start(void* argument) {
  check(cudaEventRecord(begin_, stream_), "record an event");
  void* arguments[] = {argument};
  cudaLaunchAttribute attributes[2];
  const cudaLaunchConfig_t configured = configuration(attributes);
  check(cudaLaunchKernelExC(&configured, kernel_, arguments), "launch the executor");
  check(cudaEventRecord(end_, stream_), "record an event");
}

bool cuda_launch::wait_for(std::chrono::nanoseconds ns) {
  if (ns == std::chrono::nanoseconds::max()) {
    check_blocks(cudaEventSynchronize(end_), "wait for the executor");
  } else {
    const auto until = std::chrono::steady_clock::now() + ns;
    for (;;) {
      const cudaError_t state = cudaEventQuery(end_);
      if (state == cudaSuccess) break;
      if (state != cudaErrorNotReady) check_blocks(state, "wait for the executor");
      if (std::chrono::steady_clock::now() >= until) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(20));
    }
  }
  float milliseconds = 0;
  check(cudaEventElapsedTime(&milliseconds, begin_, end_), "read the executor's time");
  seconds_ = milliseconds * 1e-3;
  return true;
}

}  // namespace platform
}  // namespace cowarp
