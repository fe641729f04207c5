// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include "errors.h"
#include "interpreter.h"
#include <modelhub/job.h>

namespace modelhub::python {

py::dict to_python(const Progress& progress);

// A Job of any type, as Python sees it.
//
// Thread safety: all methods from any thread that holds the GIL.
class AnyJob {
 public:
  virtual ~AnyJob() = default;
  AnyJob() = default;
  AnyJob(const AnyJob&) = delete;
  AnyJob& operator=(const AnyJob&) = delete;

  // Waits without the GIL, in slices: Ctrl-C cancels the job and is raised. `observer` is called
  // here, on the waiting thread, with each Progress that is new.
  void wait(const py::object& observer) const;
  // What the job gave, or its error raised. Waits for it.
  virtual py::object result() const = 0;

  virtual bool is_done() const = 0;
  virtual void cancel() const = 0;
  virtual Progress progress() const = 0;
  // Both are called on the hub's callback thread, without an argument.
  virtual void when_done(std::function<void()> callback) const = 0;
  virtual void on_progress(std::function<void()> callback) const = 0;

 protected:
  virtual bool wait_a_slice() const = 0;
};

template <class T>
class JobOf final : public AnyJob {
 public:
  using Convert = py::object (*)(const T& value);

  JobOf(Job<T> job, Convert convert) : job_(std::move(job)), convert_(convert) {}

  py::object result() const override {
    wait(py::none());
    return convert_(unwrap(briefly([job = job_] { return job.get(); })));
  }
  bool is_done() const override {
    return briefly([job = job_] { return job.is_done(); });
  }
  void cancel() const override {
    briefly([job = job_] {
      job.cancel();
      return true;
    });
  }
  Progress progress() const override {
    return briefly([job = job_] { return job.progress(); });
  }
  void when_done(std::function<void()> callback) const override {
    briefly([job = job_, callback = std::move(callback)] {
      job.then([callback](const Result<T>&) { callback(); });
      return true;
    });
  }
  void on_progress(std::function<void()> callback) const override {
    briefly([job = job_, callback = std::move(callback)] {
      job.on_progress([callback](const Progress&) { callback(); });
      return true;
    });
  }

 protected:
  bool wait_a_slice() const override {
    const WithoutGil released;
    // A job of the process that forked says that it is done, and never that it was waited for.
    return job_.wait_for(k_slice) || job_.is_done();
  }

 private:
  const Job<T> job_;
  const Convert convert_;
};

template <class T>
std::unique_ptr<AnyJob> job_of(Job<T> job, py::object (*convert)(const T& value)) {
  return std::make_unique<JobOf<T>>(std::move(job), convert);
}

void bind_jobs(py::module_& module);

}  // namespace modelhub::python
