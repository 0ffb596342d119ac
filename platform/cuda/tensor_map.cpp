// SPDX-License-Identifier: Apache-2.0
#include <cowarp/platform/cuda/cuda_error.hpp>
#include <cowarp/platform/launch_plan.hpp>
#include <cowarp/platform/tensor_map.hpp>

#include <cudaTypedefs.h>
#include <cuda_runtime.h>

#include <cstring>
#include <string>

namespace cowarp::platform {
namespace {

static_assert(sizeof(tensor_map) == sizeof(CUtensorMap));
static_assert(alignof(tensor_map) >= alignof(CUtensorMap));

/// \returns true if the GPU in use copies tiles.
bool has_tensor_maps() {
  int device = 0;
  int major  = 0;
  check(cudaGetDevice(&device), "find a GPU");
  check(cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device),
        "read a device attribute");
  return major >= 9;
}

/// \returns the driver's function, found through the runtime so that nobody links the driver.
PFN_cuTensorMapEncodeTiled_v12000 encoder() {
  void* found = nullptr;
  cudaDriverEntryPointQueryResult result{};
#if CUDART_VERSION >= 12050
  check(cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &found, 12000, cudaEnableDefault,
                                         &result),
        "ask the driver for tensor maps");
#else
  check(cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &found, cudaEnableDefault, &result),
        "ask the driver for tensor maps");
#endif
  if (result != cudaDriverEntryPointSuccess || found == nullptr) {
    throw configuration_error(
        "cowarp: the driver knows no tensor maps, of which tile_map is made: install a driver for "
        "CUDA 12.0 or newer");
  }
  return reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(found);
}

CUtensorMapDataType type_of(std::uint32_t value_bytes) {
  switch (value_bytes) {
    case 1: return CU_TENSOR_MAP_DATA_TYPE_UINT8;
    case 2: return CU_TENSOR_MAP_DATA_TYPE_UINT16;
    case 4: return CU_TENSOR_MAP_DATA_TYPE_UINT32;
    default: return CU_TENSOR_MAP_DATA_TYPE_UINT64;
  }
}

}  // namespace

bool describe(const matrix_shape& matrix, tensor_map& to) {
  if (!has_tensor_maps()) return false;
  // Innermost first.
  const cuuint64_t sizes[]   = {matrix.columns, matrix.rows};
  const cuuint64_t pitches[] = {matrix.pitch_bytes};
  const cuuint32_t box[]     = {matrix.tile_columns, matrix.tile_rows};
  const cuuint32_t steps[]   = {1, 1};
  CUtensorMap map{};
  const CUresult said =
      encoder()(&map, type_of(matrix.value_bytes), 2, matrix.first, sizes, pitches, box, steps,
                CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
                CU_TENSOR_MAP_L2_PROMOTION_L2_128B, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
  if (said != CUDA_SUCCESS) {
    throw configuration_error("cowarp: the driver refused a tile_map (CUresult " +
                              std::to_string(said) +
                              "): the matrix must stand in memory of the GPU that is in use, made "
                              "by cudaMalloc or its like");
  }
  std::memcpy(&to, &map, sizeof map);
  return true;
}

}  // namespace cowarp::platform
