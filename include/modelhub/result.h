// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "modelhub/error.h"
#include "modelhub/export.h"

namespace modelhub MODELHUB_API {

// A value, or the Error that explains why there is none.
//
// Names follow std::expected, with one difference: on an rvalue, value() and operator* return T *by
// value*. So `for (auto& d : detector.detect(image).value())` iterates over an object that lives as
// long as the loop, and not over a dead temporary.
//
// Thread safety: a value; as T.
// Errors:        value() throws Exception when there is no value; operator*, operator-> and error()
//                REQUIRE the matching state (checked by assert()).
template <class T>
class [[nodiscard]] Result {
 public:
  using value_type = T;

  // Implicit by design: `return value;` and `return error;` are what it is for.
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  template <class U, class = std::enable_if_t<std::is_convertible_v<U&&, T> &&
                                              !std::is_same_v<std::decay_t<U>, T> &&
                                              !std::is_same_v<std::decay_t<U>, Error> &&
                                              !std::is_same_v<std::decay_t<U>, Result>>>
  // NOLINTNEXTLINE(google-explicit-constructor)
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}

  bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& value() & {
    require_value();
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    require_value();
    return *std::get_if<0>(&state_);
  }
  T value() && {
    require_value();
    return std::move(*std::get_if<0>(&state_));
  }

  T& operator*() & noexcept { return *checked_value(); }
  const T& operator*() const& noexcept { return *checked_value(); }
  T operator*() && noexcept(std::is_nothrow_move_constructible_v<T>) {
    return std::move(*checked_value());
  }
  T* operator->() noexcept { return checked_value(); }
  const T* operator->() const noexcept { return checked_value(); }

  const Error& error() const& noexcept { return *checked_error(); }
  Error& error() & noexcept { return *checked_error(); }
  Error error() && noexcept { return std::move(*checked_error()); }

  template <class U>
  T value_or(U&& fallback) const& {
    return has_value() ? **this : static_cast<T>(std::forward<U>(fallback));
  }
  template <class U>
  T value_or(U&& fallback) && {
    return has_value() ? *std::move(*this) : static_cast<T>(std::forward<U>(fallback));
  }

  // f(T) -> Result<U>; an error passes through.
  template <class F>
  auto and_then(F&& f) && -> std::invoke_result_t<F, T> {
    if (!has_value()) return std::move(*this).error();
    return std::invoke(std::forward<F>(f), *std::move(*this));
  }
  // f(T) -> U; an error passes through.
  template <class F>
  auto transform(F&& f) && -> Result<std::invoke_result_t<F, T>> {
    if (!has_value()) return std::move(*this).error();
    return std::invoke(std::forward<F>(f), *std::move(*this));
  }
  // f(Error) -> Error; a value passes through.
  template <class F>
  Result transform_error(F&& f) && {
    if (has_value()) return std::move(*this);
    return std::invoke(std::forward<F>(f), std::move(*this).error());
  }

 private:
  void require_value() const {
    if (!has_value()) throw Exception(*std::get_if<1>(&state_));
  }
  T* checked_value() noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  const T* checked_value() const noexcept {
    assert(has_value());
    return std::get_if<0>(&state_);
  }
  Error* checked_error() noexcept {
    assert(!has_value());
    return std::get_if<1>(&state_);
  }
  const Error* checked_error() const noexcept {
    assert(!has_value());
    return std::get_if<1>(&state_);
  }

  std::variant<T, Error> state_;
};

// Success without a value, or an Error.
template <>
class [[nodiscard]] Result<void> {
 public:
  using value_type = void;

  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit by design

  bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  void value() const {
    if (error_) throw Exception(*error_);
  }
  const Error& error() const& noexcept { return *error_; }
  Error& error() & noexcept { return *error_; }
  Error error() && noexcept { return std::move(*error_); }

  template <class F>
  auto and_then(F&& f) && -> std::invoke_result_t<F> {
    if (error_) return std::move(*error_);
    return std::invoke(std::forward<F>(f));
  }
  template <class F>
  Result transform_error(F&& f) && {
    if (!error_) return {};
    return std::invoke(std::forward<F>(f), std::move(*error_));
  }

 private:
  std::optional<Error> error_;
};

}  // namespace MODELHUB_API
