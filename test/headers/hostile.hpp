// SPDX-License-Identifier: MIT
#pragma once

// Macros that a program may have when it includes Rondo. docs/embedding.md names them.

// Windows
#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define near
#define far
#define small char
#define IN
#define OUT
#define OPTIONAL
#define ERROR 0
#define CONST const
#define DELETE 0x00010000L
#define interface struct

// Apple's AssertMacros, Unreal
#define check(assertion) check is a macro
#define verify(assertion) verify is a macro
#define require(assertion, label) require is a macro
#define ensure(assertion) ensure is a macro

// X11
#define None 0L
#define Success 0
#define Status int
#define Bool int
#define True 1
#define False 0
#define Always 2

// Qt
#define slots
#define signals public
#define emit

// Arduino
#define PI 3.1415926535897932384626433832795
#define HIGH 1
#define LOW 0
#define INPUT 0
#define OUTPUT 1
#define DEFAULT 1
