// Whether a list has an item. Private to this room.
#pragma once

#include <algorithm>
#include <vector>

namespace tomograd {

template <class T>
bool contains(const std::vector<T>& list, const T& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

}  // namespace tomograd
