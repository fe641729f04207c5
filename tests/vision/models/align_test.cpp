// SPDX-FileCopyrightText: 2026 The modelhub authors
// SPDX-License-Identifier: Apache-2.0
#include "vision/align.h"

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "outputs.h"
#include "pixels.h"
#include "support/shared_folder.h"

namespace modelhub::vision {
namespace {

// Where the template has its points, as it is published.
const std::vector<Point> k_template = {{38.2946f, 51.6963f},
                                       {73.5318f, 51.5014f},
                                       {56.0252f, 71.7366f},
                                       {41.5493f, 92.3655f},
                                       {70.7299f, 92.2041f}};

std::vector<Point> moved(const std::vector<Point>& points, const Similarity& by) {
  std::vector<Point> all;
  for (const Point& point : points) all.push_back(by(point));
  return all;
}

// Levels that rise evenly to the right (red) and down (green): what a point shows says where it is.
Picture ramp(int width, int height, PixelFormat format = PixelFormat::rgb8) {
  Picture picture(width, height, format);
  const bool is_bgr = format == PixelFormat::bgr8;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      std::uint8_t* pixel = picture.bytes.data() + y * picture.stride + 3 * x;
      pixel[is_bgr ? 2 : 0] = static_cast<std::uint8_t>(x);
      pixel[1] = static_cast<std::uint8_t>(y);
      pixel[is_bgr ? 0 : 2] = 7;
    }
  }
  return picture;
}

TEST(SimilarityTest, FindsTheTurnScaleAndShiftThatWereApplied) {
  const Similarity wanted{1.5 * std::cos(0.4), 1.5 * std::sin(0.4), -20, 7};
  const Similarity found = fit_similarity(k_template, moved(k_template, wanted)).value();
  EXPECT_NEAR(found.a, wanted.a, 1e-6);
  EXPECT_NEAR(found.b, wanted.b, 1e-6);
  EXPECT_NEAR(found.dx, wanted.dx, 1e-4);
  EXPECT_NEAR(found.dy, wanted.dy, 1e-4);
  const Point there_and_back = found.inverse().value()(found(Point{33, 44}));
  EXPECT_NEAR(there_and_back.x, 33, 1e-4);
  EXPECT_NEAR(there_and_back.y, 44, 1e-4);
}

TEST(SimilarityTest, WhereNothingFitsExactlyNoNeighbourFitsBetter) {
  std::vector<Point> from = moved(k_template, {2, 0.5, 3, 4});
  from[0].x += 6;
  from[2].y -= 9;
  from[4].x -= 3;
  const Similarity best = fit_similarity(from, k_template).value();
  const auto error_of = [&](const Similarity& s) {
    double sum = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const Point p = s(from[i]);
      sum += std::pow(p.x - k_template[i].x, 2) + std::pow(p.y - k_template[i].y, 2);
    }
    return sum;
  };
  for (const double step : {-1e-3, 1e-3}) {
    for (double Similarity::*part :
         {&Similarity::a, &Similarity::b, &Similarity::dx, &Similarity::dy}) {
      Similarity other = best;
      other.*part += step;
      EXPECT_LT(error_of(best), error_of(other));
    }
  }
}

TEST(SimilarityTest, PointsWithoutExtentFitNothing) {
  const std::vector<Point> one_place(5, Point{3, 3});
  expect_error(fit_similarity(one_place, k_template), ErrorCode::invalid_argument, Subject::other,
               "points in one place");
  std::vector<Point> nowhere = k_template;
  nowhere[1].y = std::numeric_limits<float>::quiet_NaN();
  expect_error(fit_similarity(nowhere, k_template), ErrorCode::invalid_argument, Subject::other,
               "nowhere");
  expect_error(fit_similarity(std::vector<Point>(4), k_template), ErrorCode::invalid_argument,
               Subject::other, "partner");
  expect_error(Similarity{0, 0, 1, 1}.inverse(), ErrorCode::invalid_argument, Subject::other,
               "one point");
}

TEST(AlignFaceTest, AFaceThatIsUprightAlreadyIsCutOut) {
  const Picture picture = ramp(200, 180);
  const Image face =
      align_face(picture.view(), moved(k_template, {1, 0, 30, 20}), FaceTemplate::five_points_112)
          .value();
  ASSERT_EQ(face.width(), 112);
  ASSERT_EQ(face.height(), 112);
  for (const int y : {0, 50, 111}) {
    for (const int x : {0, 50, 111}) {
      const std::uint8_t* pixel = face.view().row(y) + 3 * x;
      EXPECT_NEAR(pixel[0], x + 30, 1);
      EXPECT_NEAR(pixel[1], y + 20, 1);
      EXPECT_EQ(pixel[2], 7);
    }
  }
}

TEST(AlignFaceTest, ATiltedFaceIsTurnedUpright) {
  const Similarity tilt{std::cos(0.5), std::sin(0.5), 80, 20};
  const Picture picture = ramp(240, 240);
  const Image face =
      align_face(picture.view(), moved(k_template, tilt), FaceTemplate::five_points_112).value();
  for (const Point& point : {Point{20, 20}, Point{56, 56}, Point{90, 60}}) {
    const Point source = tilt(point);
    const std::uint8_t* pixel =
        face.view().row(static_cast<int>(point.y)) + 3 * static_cast<int>(point.x);
    EXPECT_NEAR(pixel[0], source.x, 1);
    EXPECT_NEAR(pixel[1], source.y, 1);
  }
}

TEST(AlignFaceTest, OutsideOfThePictureItIsBlack) {
  const Picture picture = plain(100, 100, PixelFormat::rgb8, {200, 200, 200});
  const Image face =
      align_face(picture.view(), moved(k_template, {1, 0, -56, 0}), FaceTemplate::five_points_112)
          .value();
  EXPECT_EQ(face.view().row(50)[0], 0);
  EXPECT_EQ(face.view().row(50)[3 * 111], 200);
  EXPECT_EQ(face.view().row(111)[3 * 111], 0);
  const Image nothing =
      align_face(picture.view(), moved(k_template, {1, 0, 5000, 0}), FaceTemplate::five_points_112)
          .value();
  for (int x = 0; x < 3 * 112; ++x) EXPECT_EQ(nothing.view().row(60)[x], 0);
}

TEST(AlignFaceTest, EveryFormatOfPixelsGivesRgb) {
  const std::vector<Point> landmarks = moved(k_template, {1.25, 0.1, 20, 10});
  const auto of = [&](const Picture& picture) {
    const Image face = align_face(picture.view(), landmarks, FaceTemplate::five_points_112).value();
    EXPECT_EQ(face.format(), PixelFormat::rgb8);
    const std::uint8_t* data = face.view().data;
    return std::vector<std::uint8_t>(data, data + 3 * 112 * 112);
  };
  EXPECT_EQ(of(ramp(220, 200)), of(ramp(220, 200, PixelFormat::bgr8)));
  EXPECT_EQ(of(plain(220, 200, PixelFormat::gray8, {90})),
            of(plain(220, 200, PixelFormat::rgb8, {90, 90, 90})));
  EXPECT_EQ(of(plain(220, 200, PixelFormat::rgba8, {10, 20, 30, 255})),
            of(plain(220, 200, PixelFormat::rgb8, {10, 20, 30})));
}

TEST(AlignFaceTest, APictureOfOnePixelIsEnough) {
  const Picture picture = plain(1, 1, PixelFormat::rgb8, {9, 9, 9});
  const std::vector<Point> landmarks = moved(k_template, {0.001, 0, 0, 0});
  EXPECT_TRUE(align_face(picture.view(), landmarks, FaceTemplate::five_points_112));
}

TEST(AlignFaceTest, LandmarksThatAreNoFacesAreAnError) {
  const Picture picture = ramp(50, 50);
  expect_error(align_face(picture.view(), std::vector<Point>(2), FaceTemplate::five_points_112),
               ErrorCode::unsupported, Subject::model, "the detector gives 2 landmarks");
  expect_error(align_face(picture.view(), std::vector<Point>(5), FaceTemplate::five_points_112),
               ErrorCode::corrupt_data, Subject::model, "no face's");
  std::vector<Point> nowhere = k_template;
  nowhere[3].x = std::numeric_limits<float>::infinity();
  expect_error(align_face(picture.view(), nowhere, FaceTemplate::five_points_112),
               ErrorCode::corrupt_data, Subject::model, "no face's");
}

// A face of the reference: tests/reference/align_face.py says how it was made.
struct ReferenceFace {
  std::string picture;
  std::vector<Point> landmarks;
  std::vector<int> levels;  // RGB of every seventh pixel of every seventh row of OpenCV's crop
};

std::vector<ReferenceFace> read_reference() {
  std::ifstream file(MODELHUB_REFERENCE "/align_face.txt");
  std::vector<ReferenceFace> faces;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string kind;
    words >> kind;
    if (kind == "face") {
      ReferenceFace face;
      words >> face.picture;
      for (Point p; words >> p.x >> p.y;) face.landmarks.push_back(p);
      faces.push_back(face);
    } else if (kind == "levels" && !faces.empty()) {
      for (int level = 0; words >> level;) faces.back().levels.push_back(level);
    }
  }
  return faces;
}

TEST(AlignFaceTest, CropsAreThoseOfOpenCv) {
  const std::string images = test::shared_path("images/");
  const std::vector<ReferenceFace> faces = read_reference();
  ASSERT_GE(faces.size(), 4u);
  for (const ReferenceFace& face : faces) {
    if (!std::filesystem::exists(images + face.picture)) GTEST_SKIP() << "no " << face.picture;
    const Image picture = Image::load(images + face.picture).value();
    const Image crop = align_face(picture, face.landmarks, FaceTemplate::five_points_112).value();
    ASSERT_EQ(face.levels.size(), 16u * 16 * 3);
    double sum = 0;
    int most = 0;
    std::size_t i = 0;
    for (int y = 0; y < 112; y += 7) {
      for (int x = 0; x < 112; x += 7) {
        for (int c = 0; c < 3; ++c, ++i) {
          const int difference = std::abs(crop.view().row(y)[3 * x + c] - face.levels[i]);
          sum += difference;
          most = std::max(most, difference);
        }
      }
    }
    // OpenCV goes by 32nds of a pixel: at a sharp edge that is some levels.
    EXPECT_LE(sum / static_cast<double>(i), 0.5) << face.picture;
    EXPECT_LE(most, 8) << face.picture;
  }
}

}  // namespace
}  // namespace modelhub::vision
