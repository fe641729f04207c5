/* SPDX-FileCopyrightText: 2026 The modelhub authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Stands in for the loader of OpenCL drivers, libOpenCL.so.1. The build makes several libraries of
 * it: FAKE_START is the status of clGetPlatformIDs, FAKE_PLATFORMS how many there are, FAKE_LIST
 * the status of the second one's clGetDeviceIDs, FAKE_VENDOR the vendor of every device, FAKE_OLD
 * leaves the questions out that came with extensions, FAKE_HOLLOW a function. The first platform
 * has two GPUs; the second has the first of these once more, as two drivers of one card do. Written
 * from the Khronos Group's specification. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef FAKE_START
#define FAKE_START 0
#endif
#ifndef FAKE_PLATFORMS
#define FAKE_PLATFORMS 2
#endif
#ifndef FAKE_LIST
#define FAKE_LIST 0
#endif
#ifndef FAKE_VENDOR
#define FAKE_VENDOR 0x8086
#endif

#define FAKE_API __attribute__((visibility("default")))

typedef struct {
  int number;
} fake_handle;

static fake_handle g_platforms[2] = {{0}, {1}};
static fake_handle g_devices[2] = {{0}, {1}};

FAKE_API int32_t clGetPlatformIDs(uint32_t size, fake_handle** platforms, uint32_t* count) {
  if (FAKE_START != 0) return FAKE_START;
  *count = FAKE_PLATFORMS;
  for (uint32_t i = 0; i < *count && i < size; ++i) platforms[i] = &g_platforms[i];
  return 0;
}

static int32_t give(const void* value, size_t bytes, size_t size, void* to, size_t* told) {
  if (size < bytes) return -30; /* CL_INVALID_VALUE */
  memcpy(to, value, bytes);
  if (told != NULL) *told = bytes;
  return 0;
}

static int32_t give_text(const char* text, size_t size, void* to, size_t* told) {
  return give(text, strlen(text) + 1, size, to, told);
}

FAKE_API int32_t clGetPlatformInfo(fake_handle* platform, uint32_t name, size_t size, void* to,
                                   size_t* told) {
  if (name != 0x0902) return -30;
  return give_text(platform->number == 0 ? "Fake Platform" : "Another Platform", size, to, told);
}

FAKE_API int32_t clGetDeviceIDs(fake_handle* platform, uint64_t type, uint32_t size,
                                fake_handle** devices, uint32_t* count) {
  if (type != 1U << 2U) return -31; /* CL_INVALID_DEVICE_TYPE */
  if (platform->number == 1 && FAKE_LIST != 0) return FAKE_LIST;
  *count = platform->number == 0 ? 2 : 1;
  for (uint32_t i = 0; i < *count && i < size; ++i) devices[i] = &g_devices[i];
  return 0;
}

#ifndef FAKE_HOLLOW
FAKE_API int32_t clGetDeviceInfo(fake_handle* device, uint32_t name, size_t size, void* to,
                                 size_t* told) {
  const uint64_t memory = 4ULL << 30;
  const uint32_t vendor = FAKE_VENDOR;
#ifndef FAKE_OLD
  const uint32_t pci[4] = {0, 0, 2 + (uint32_t)device->number, 0};
  const unsigned char uuid[16] = {0x0A, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#endif
  switch (name) {
    case 0x1001: return give(&vendor, sizeof vendor, size, to, told);
    case 0x101F: return give(&memory, sizeof memory, size, to, told);
    case 0x102B:
      return give_text(device->number == 0 ? "Fake Graphics   " : "Fake Arc", size, to, told);
    case 0x102D: return give_text("23.43.027", size, to, told);
#ifndef FAKE_OLD
    case 0x106A: return give(uuid, sizeof uuid, size, to, told);
    case 0x410F: return give(pci, sizeof pci, size, to, told);
#endif
    default: return -30;
  }
}
#endif
