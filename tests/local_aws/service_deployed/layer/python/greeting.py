"""What the layer brings."""

TEXT = "hello from a layer"
