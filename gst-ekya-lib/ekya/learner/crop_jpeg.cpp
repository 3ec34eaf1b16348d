// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ekya/learner/crop_jpeg.h"

#include <turbojpeg.h>

#include <memory>
#include <string>
#include <type_traits>

namespace ekya::learner {
namespace {

struct Destroy {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<std::remove_pointer_t<tjhandle>, Destroy>;

Error failure(ErrorCode code, const Handle& handle) {
  return {code, std::string("TurboJPEG: ") + tjGetErrorStr2(handle.get())};
}

}  // namespace

Result<std::vector<std::byte>> encode_crop(std::span<const std::uint8_t> pixels, int size, int quality) {
  const Handle handle(tjInitCompress());
  if (!handle) return failure(ErrorCode::kInternal, handle);
  std::vector<std::byte> jpeg(tjBufSize(size, size, TJSAMP_444));
  auto* out = reinterpret_cast<unsigned char*>(jpeg.data());
  unsigned long used = jpeg.size();  // NOLINT: the library's type
  if (tjCompress2(handle.get(), pixels.data(), size, 0, size, TJPF_RGB, &out, &used, TJSAMP_444, quality,
                  TJFLAG_NOREALLOC) != 0)
    return failure(ErrorCode::kInternal, handle);
  jpeg.resize(used);
  return jpeg;
}

Result<std::vector<std::uint8_t>> decode_crop(std::span<const std::byte> jpeg, int size) {
  const Handle handle(tjInitDecompress());
  if (!handle) return failure(ErrorCode::kInternal, handle);
  const auto* data = reinterpret_cast<const unsigned char*>(jpeg.data());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(handle.get(), data, jpeg.size(), &width, &height, &subsampling, &colours) != 0)
    return failure(ErrorCode::kCorrupt, handle);
  if (width != size || height != size)
    return Error{ErrorCode::kCorrupt, "the picture has " + std::to_string(width) + "x" + std::to_string(height) +
                                          " pixels; expected " + std::to_string(size) + " in both"};
  std::vector<std::uint8_t> pixels(static_cast<std::size_t>(size) * static_cast<std::size_t>(size) * 3);
  if (tjDecompress2(handle.get(), data, jpeg.size(), pixels.data(), size, 0, size, TJPF_RGB, TJFLAG_STOPONWARNING) != 0)
    return failure(ErrorCode::kCorrupt, handle);
  return pixels;
}

}  // namespace ekya::learner
