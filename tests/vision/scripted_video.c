/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0 */

/* A module for videos that need no decoder: a text file "video WIDTH HEIGHT FRAMES [FAULT AT]"
 * stands for that many frames, each of one colour: blue is its number, green twice, red three times
 * that. FAULT: fail, lie (a frame that cannot be). camera:0 gives grey frames without end; there is
 * no other. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "modelhub/video_module.h"

struct mh_video_source {
  int width;
  int height;
  int frames; /* -1: without end */
  int number;
  char fault[8];
  int fault_at;
  uint8_t* pixels;
};

static mh_video_source* source_of(int width, int height, int frames) {
  mh_video_source* source = calloc(1, sizeof *source);
  source->width = width;
  source->height = height;
  source->frames = frames;
  source->pixels = malloc((size_t)width * height * 3);
  return source;
}

static mh_video_source* open_file(const char* path, mh_video_failure* failure) {
  int width = 0;
  int height = 0;
  int frames = 0;
  char fault[8] = "";
  int fault_at = -1;
  FILE* file = fopen(path, "r");
  const int read = file == NULL ? 0
                                : fscanf(file, "video %d %d %d %7s %d", &width, &height, &frames,
                                         fault, &fault_at);
  if (file != NULL) fclose(file);
  if (read < 3) {
    /* To the brim, and without a zero. */
    memset(failure->reason, '!', sizeof failure->reason);
    memcpy(failure->reason, "is no scripted video", strlen("is no scripted video"));
    return NULL;
  }
  mh_video_source* source = source_of(width, height, frames);
  memcpy(source->fault, fault, sizeof fault);
  source->fault_at = read == 5 ? fault_at : -1;
  return source;
}

static mh_video_source* open_camera(int32_t number, mh_video_failure* failure) {
  if (number == 0) return source_of(64, 48, -1);
  strcpy(failure->reason, "is not there");
  return NULL;
}

static mh_video_step skip(mh_video_source* source, mh_video_failure* failure) {
  if (source->number == source->fault_at && strcmp(source->fault, "fail") == 0) {
    strcpy(failure->reason, "is damaged");
    return MH_VIDEO_FAILED;
  }
  if (source->number == source->frames) return MH_VIDEO_END;
  ++source->number;
  return MH_VIDEO_FRAME;
}

static mh_video_step next(mh_video_source* source, mh_video_frame* frame,
                          mh_video_failure* failure) {
  const int number = source->number;
  const mh_video_step step = skip(source, failure);
  if (step != MH_VIDEO_FRAME) return step;
  for (int i = 0; i < source->width * source->height; ++i) {
    for (int channel = 0; channel < 3; ++channel)
      source->pixels[3 * i + channel] =
          source->frames < 0 ? 128 : (uint8_t)(number * (channel + 1));
  }
  frame->data = source->pixels;
  frame->width = source->width;
  frame->height = source->height;
  frame->stride = 3 * source->width;
  if (number == source->fault_at && strcmp(source->fault, "lie") == 0) frame->stride = 1;
  return MH_VIDEO_FRAME;
}

static void close_source(mh_video_source* source) {
  free(source->pixels);
  free(source);
}

#ifndef SCRIPTED_VIDEO_ABI
#define SCRIPTED_VIDEO_ABI MH_VIDEO_ABI
#endif

__attribute__((visibility("default"))) const mh_video_api* modelhub_video_api(void) {
  static const mh_video_api api = {sizeof api, SCRIPTED_VIDEO_ABI, "scripted",
                                   &open_file, &open_camera,       &next,
                                   &skip,      &close_source};
  return &api;
}
