/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The border to what reads videos and cameras: a shared library of its own, modelhub_video.so, so
 * that modelhub links none of what decoding videos needs. It is looked for where engines are and
 * opened for the first video.
 *
 * Rules for a module: no C++ type or exception crosses; what it gives stays its own; it prints
 * nothing. Texts are UTF-8. One source is used by one thread at a time, several at once.
 */
#ifndef MODELHUB_VIDEO_MODULE_H
#define MODELHUB_VIDEO_MODULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MH_VIDEO_ABI 1u

/* An open video or camera; the module's own. */
typedef struct mh_video_source mh_video_source;

/* 8 bits a channel; blue, green, red; rows from top to bottom, upright. */
typedef struct mh_video_frame {
  const uint8_t* data; /* valid until the next call with this source */
  int32_t width;       /* pixels */
  int32_t height;      /* pixels */
  int64_t stride;      /* bytes from row to row */
} mh_video_frame;

/* Why a call failed: a sentence's end, "holds no video stream". Zero-terminated. */
typedef struct mh_video_failure {
  char reason[512];
} mh_video_failure;

/* What came of a step. */
typedef int32_t mh_video_step;
enum { MH_VIDEO_FAILED = -1, MH_VIDEO_END = 0, MH_VIDEO_FRAME = 1 };

typedef struct mh_video_api {
  uint32_t size;       /* sizeof(mh_video_api), as the module knows it */
  uint32_t abi;        /* MH_VIDEO_ABI */
  const char* version; /* "OpenCV 4.6.0" */

  /* A file of this machine, by its absolute path; it is there. NULL: `failure` says why. */
  mh_video_source* (*open_file)(const char* path, mh_video_failure* failure);
  /* A camera, counted from 0 as the system does. */
  mh_video_source* (*open_camera)(int32_t number, mh_video_failure* failure);
  /* The next frame. After the end, or a failure, no further call but close(). */
  mh_video_step (*next)(mh_video_source* source, mh_video_frame* frame, mh_video_failure* failure);
  /* The same for a frame that nobody looks at: less work than next(). */
  mh_video_step (*skip)(mh_video_source* source, mh_video_failure* failure);
  void (*close)(mh_video_source* source);
} mh_video_api;

/* The one symbol of a module: const mh_video_api* modelhub_video_api(void). */
typedef const mh_video_api* (*mh_video_api_function)(void);

#ifdef __cplusplus
}
#endif

#endif
