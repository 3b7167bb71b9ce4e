"""What compiled kernels share: how they are compiled and kept, bytes eight and 64 at a time, scratch memory."""
