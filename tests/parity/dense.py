"""Dense outputs of MONAI, for test_dense.cpp, whose requests (see serve.py) are:

basic_unet AXES EDGES… FOLDER  a BasicUNet with random weights: FOLDER/weights.safetensors is its state dict,
                               FOLDER/values.safetensors has, of double precision, `input`, `output`, `probe` and the
                               gradient of the input of the sum of output times probe; FOLDER/gradients.safetensors has those
                               of its parameters
back FOLDER                    the same network with FOLDER/ours.safetensors, strictly: `output` into FOLDER/back.safetensors
windows MODE OVERLAP FOLDER    sliding windows over two images with a convolution for a network: FOLDER/windows.safetensors
                               has `images`, `weight`, `output`, and `corners`, where its windows begin"""
import safetensors
import serve
import torch

WINDOW = (6, 5, 8)
network = image = None


def basic_unet(axes, *rest):
    from monai.networks.nets import BasicUNet

    global network, image
    *edges, folder = rest
    torch.manual_seed(11)
    network = BasicUNet(int(axes), in_channels=2, out_channels=3, features=(4, 4, 6, 8, 10, 5)).double()
    with torch.no_grad():
        for value in network.parameters():
            value.normal_(0, 0.3)
    safetensors.write(f"{folder}/weights.safetensors", network.state_dict())
    image = torch.randn(2, 2, *map(int, edges), dtype=torch.float64, requires_grad=True)
    output = network(image)
    probe = torch.randn_like(output)
    (output * probe).sum().backward()
    values = {"input": image, "output": output, "probe": probe, "gradient": image.grad}
    safetensors.write(f"{folder}/values.safetensors", values)
    safetensors.write(f"{folder}/gradients.safetensors", {k: v.grad for k, v in network.named_parameters()})


def back(folder):
    network.load_state_dict(safetensors.read(f"{folder}/ours.safetensors"))
    safetensors.write(f"{folder}/back.safetensors", {"output": network(image)})


def windows(mode, overlap, folder):
    from monai.inferers import sliding_window_inference

    torch.manual_seed(12)
    images = torch.randn(2, 2, 13, 4, 17, dtype=torch.float64)
    weight = torch.randn(3, 2, 3, 3, 3, dtype=torch.float64)
    corners = []

    def of_windows(windows, where):
        corners.extend([places[0].start, *(place.start for place in places[2:])] for places in where)
        return torch.nn.functional.conv3d(windows, weight, padding=1)

    output = sliding_window_inference(images, WINDOW, 3, of_windows, float(overlap), mode, with_coord=True)
    values = {"images": images, "weight": weight, "output": output, "corners": torch.tensor(corners)}
    safetensors.write(f"{folder}/windows.safetensors", values)


def answer(request, *words):
    {"basic_unet": basic_unet, "back": back, "windows": windows}[request](*words)


torch.set_num_threads(1)
serve.serve(answer)
