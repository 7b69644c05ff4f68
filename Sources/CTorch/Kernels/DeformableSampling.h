// The inner loops of the deformable convolution: a picture of vectors read, and gradients written, at
// fractional positions. Pictures are NHWC; a "row" is one output position (batch, y, x), a "column" one (tap,
// channel).
#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

namespace glip {

struct DeformableGeometry {
  int64_t batch, channels, height, width;
  int64_t output_height, output_width;
  int64_t kernel_height, kernel_width;
  int64_t stride_y, stride_x, padding_y, padding_x;
  int64_t picture_pixels;  // from one picture of the input to the next

  int64_t taps() const { return kernel_height * kernel_width; }
  int64_t rows() const { return batch * output_height * output_width; }
  int64_t columns() const { return taps() * channels; }
};

// A map [batch, channel, y, x] of numbers, wherever they lie.
template <typename Number>
struct Field {
  Number *data;
  int64_t batch_stride, channel_stride, y_stride, x_stride;

  Number &at(int64_t batch, int64_t channel, int64_t y, int64_t x) const {
    return data[batch * batch_stride + channel * channel_stride + y * y_stride + x * x_stride];
  }
};

struct DeformableField {
  DeformableGeometry geometry;
  Field<const float> offset;  // channel 2k is dy, 2k + 1 is dx of tap k
  Field<const float> mask;    // channel k belongs to tap k
};

struct Rows {
  int64_t begin, end;
};
struct Channels {
  int64_t begin, end;
};

// Pixel is float or BFloat16; sums are float.
template <typename Pixel>
struct DeformableKernels {
  // columns[row - rows.begin, tap, channel] = mask · input at the deformed position.
  void (*gather)(const DeformableField &field, const Pixel *input, Rows rows, Pixel *columns);
  // Gradients of offset and mask from those of the columns.
  void (*differentiate)(const DeformableField &field, const Pixel *input, Rows rows, const Pixel *gradient,
                        Field<float> offset_gradient, Field<float> mask_gradient);
  // Adds to the gradient of the input, of these channels only: threads that share no channel do not race.
  void (*scatter)(const DeformableField &field, const Pixel *gradient, Rows rows, Channels channels,
                  float *input_gradient);
};

}  // namespace glip
