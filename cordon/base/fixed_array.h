// Values whose number is known when they are made, all of them zero at first.
//
//   FixedArray<uint64_t> costs(n * n);
//   costs[i * n + j] = 7;
//
// One allocation. For scalars and structs without initialisers it costs a constant expression one step whatever the
// number is; std::vector takes about ten for each value, which the limits of compilers count.
#pragma once

#include <cstddef>
#include <utility>

namespace cordon::base {

template <class T>
class FixedArray {
 public:
  constexpr FixedArray() = default;
  constexpr explicit FixedArray(size_t size) : data_(new T[size]()), size_(size) {}
  constexpr FixedArray(FixedArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  constexpr FixedArray& operator=(FixedArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  constexpr ~FixedArray() { delete[] data_; }

  constexpr T& operator[](size_t index) { return data_[index]; }
  constexpr const T& operator[](size_t index) const { return data_[index]; }
  constexpr T* data() { return data_; }
  constexpr const T* data() const { return data_; }
  constexpr size_t size() const { return size_; }
  constexpr bool empty() const { return size_ == 0; }

 private:
  T* data_ = nullptr;
  size_t size_ = 0;
};

}  // namespace cordon::base
