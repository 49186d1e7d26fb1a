"""What differs between two files of tensors, tensor by tensor."""
