// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

// Everything that a program which uses modelhub needs. Apart from these there are coroutine.h
// (co_await a Job), opencv.h (cv::Mat in and out) and engine.h and engine_module.h (write an
// engine).

#include "modelhub/answers.h"
#include "modelhub/draw.h"
#include "modelhub/error.h"
#include "modelhub/faces.h"
#include "modelhub/hub.h"
#include "modelhub/image.h"
#include "modelhub/job.h"
#include "modelhub/model.h"
#include "modelhub/options.h"
#include "modelhub/own_model.h"
#include "modelhub/result.h"
#include "modelhub/self_test.h"
#include "modelhub/tune.h"
#include "modelhub/version.h"
#include "modelhub/video.h"
