# What holds no trained weights is not exported, and nothing is written.
for given in unet deepmedic "$SOURCE/examples/unet-tiny.toml"; do fails 2 tomograd model export "$given" --out no.onnx; grep 'without trained weights' err.txt; done
mkdir empty; fails 2 tomograd model export empty --out no.onnx; grep 'there is no model' err.txt; fails 2 tomograd model export missing.safetensors --out no.onnx
fails 2 tomograd model export "$GOLDEN/nn/unet3d.safetensors" --out no.onnx; grep "metadata lack 'format'" err.txt; fails 2 tomograd model export "$SOURCE/README.md" --out no.onnx
fails 2 tomograd model export unet --format tflite --out no.onnx; fails 2 tomograd model export unet; [ ! -e no.onnx ]
