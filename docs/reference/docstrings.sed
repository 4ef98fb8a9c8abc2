# SPDX-License-Identifier: MIT
# Filter for Doxygen: drops the version's inline namespace, makes headings of the parts of a docstring, and keeps the line
# breaks of indented equations.
s#::inline RONDO_VERSION_NAMESPACE##
s#^( *///) (Shapes|Units|Memory|Errors|Source)  +#\1 @part{\2} #
s#^( *///)   #\1      #
