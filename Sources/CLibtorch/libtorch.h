// Nothing of libtorch's C++ is visible to Swift: this target only carries pkg-config's flags to CTorch.
