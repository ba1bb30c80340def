// What nearly all tests include besides the headers of precompiled.hpp.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
