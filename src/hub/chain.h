// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <utility>

#include "modelhub/job.h"
#include "modelhub/progress.h"

namespace modelhub::hub {

// Keeps `cancel` ready to run when the waiter of `promise` goes; until the returned value is
// dropped.
template <class T>
std::shared_ptr<void> on_cancel(const Promise<T>& promise, std::function<void()> cancel) {
  return std::make_shared<std::stop_callback<std::function<void()>>>(promise.stop_token(),
                                                                     std::move(cancel));
}

// The waiter of `outer` waits for `inner` from now on: progress comes out, cancelling goes in,
// next(Result<T>) is the end.
template <class T, class U, class Next>
void chain(const Job<T>& inner, const Promise<U>& outer, Next next) {
  inner.on_progress([outer](const Progress& progress) { outer.report(progress); });
  inner.then([keep = on_cancel(outer, [inner] { inner.cancel(); }),
              next = std::move(next)](Result<T> result) { next(std::move(result)); });
}

}  // namespace modelhub::hub
