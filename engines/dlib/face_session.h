// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "face_settings.h"
#include "modelhub/engine_module.h"

namespace modelhub::dlib_engine {

// The faces of a picture: found, with landmarks, and described.
//
//     image [1,H,W,3] uint8 RGB, any size
//     ->  boxes [N,4] x1 y1 x2 y2 in pixels, may reach beyond the picture; scores [N], how far
//     above
//         the detector's threshold; landmarks [N,points,2]; embeddings [N,length]; best face first
//
// Thread safety: one call of run() at a time; sessions are apart from each other.
class FaceSession final : public engine_module::Session {
 public:
  // `memory_bytes` is what a run may take at its peak.
  // Throws Failure: MH_IO_ERROR, MH_CORRUPT_DATA (a file is not what its role says); MH_UNSUPPORTED
  // (landmarks that are neither 5 nor 68; see also read_settings()); MH_INVALID_ARGUMENT.
  static std::unique_ptr<FaceSession> load(const engine_module::LoadRequest& request,
                                           std::uint64_t memory_bytes);
  ~FaceSession() override;

  engine_module::Description describe() const override;
  // Throws Failure: MH_INVALID_ARGUMENT: a picture so large that the search would take more memory
  // than it may.
  std::vector<engine_module::Output> run(const engine_module::Inputs& inputs) override;

 private:
  struct Parts;
  FaceSession(std::unique_ptr<Parts> parts, FaceSettings settings, int threads,
              std::uint64_t memory_bytes);

  const std::unique_ptr<Parts> parts_;
  const FaceSettings settings_;
  const int threads_;
  const std::uint64_t memory_bytes_;
};

}  // namespace modelhub::dlib_engine
