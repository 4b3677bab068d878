"""A network as ONNX: our layers, written with the `onnx` package's own helpers.

tf2onnx, which Keras's `export(format="onnx")` calls, has no maintainer and was made for
TensorFlow up to 2.15 and numpy 1. The networks here consist of a dozen kinds of layers,
each of which is one or two operators of ONNX.

Source: the operators' specification, https://onnx.ai/onnx/operators/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from facegui.core.errors import UserError

if TYPE_CHECKING:
    import keras

OPSET = 17
IR_VERSION = 8
"""Of the year 2022: what reads ONNX today reads these."""

BATCH = "pictures"
_TO_CHANNELS_FIRST, _TO_CHANNELS_LAST = [0, 3, 1, 2], [0, 2, 3, 1]
_PICTURE_AXES = 4


def to_onnx(network: keras.Model, metadata: Mapping[str, str]) -> bytes:
    """Converts a network to ONNX.

    The ONNX model takes "picture" (n, height, width, 3) RGB float32, 0..255, and keeps
    the names and the shapes of the outputs.

    Args:
        network: of Keras's own layers, with one input and named outputs.
        metadata: goes into the file: what one has to know to use it.

    Raises:
        UserError: when the network has a layer that cannot be written as ONNX.
    """
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    picture = network.inputs[0]
    name = str(picture.name)
    graph.names[id(picture)] = graph.add("Transpose", [name], perm=_TO_CHANNELS_FIRST)
    outputs = []
    for key, tensor in network.output.items():
        value, shape = graph.name_of(tensor), [BATCH, *tensor.shape[1:]]
        if len(shape) == _PICTURE_AXES:
            value = graph.add("Transpose", [value], perm=_TO_CHANNELS_LAST)
        graph.add("Identity", [value], output=key)
        outputs.append(helper.make_tensor_value_info(key, TensorProto.FLOAT, shape))
    taken = helper.make_tensor_value_info(name, TensorProto.FLOAT, [BATCH, *picture.shape[1:]])
    made = helper.make_graph(graph.nodes, network.name, [taken], outputs, graph.constants)
    model = helper.make_model(
        made,
        producer_name="FaceGUI",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )
    helper.set_model_props(model, dict(metadata))
    checker.check_model(model, full_check=True)
    data: bytes = model.SerializeToString()
    return data


class _Graph:
    """The operators so far, with pictures and maps as (n, channels, h, w)."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self.names: dict[int, str] = {}
        """What a Keras tensor, by its id, is called here."""

    def name_of(self, tensor: Any) -> str:
        """The name of a Keras tensor; the layers that it comes from are written first."""
        if id(tensor) not in self.names:
            layer, node, index = tensor._keras_history
            inputs = list(layer._inbound_nodes[node].input_tensors)
            self.names[id(tensor)] = self._layer(layer, [self.name_of(x) for x in inputs], index)
        return self.names[id(tensor)]

    def _layer(self, layer: Any, inputs: Sequence[str], index: int) -> str:
        if hasattr(layer, "layers"):  # a network in the network
            self.names.update(zip(map(id, layer.inputs), inputs, strict=True))
            return self.name_of(layer.outputs[index])
        kind = type(layer).__name__
        if kind not in _WRITERS:
            raise UserError(
                f"This network cannot be written as ONNX: it has a layer of the kind {kind}.",
                "Export it as LiteRT, Keras or SavedModel instead.",
            )
        return _WRITERS[kind](self, layer, inputs)

    def add(
        self, operator: str, inputs: Sequence[str], *, output: str = "", **attributes: Any
    ) -> str:
        """Appends an operator; gives the name of its output."""
        from onnx import helper

        output = output or f"{operator.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [output], **attributes))
        return output

    def constant(self, values: Any) -> str:
        """Adds an array, as float32 unless it is of whole numbers; gives its name."""
        from onnx import numpy_helper

        array = np.asarray(values)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def activation(self, function: Any, value: str) -> str:
        name = getattr(function, "__name__", str(function))
        if name == "linear":
            return value
        if name not in _ACTIVATIONS:
            raise UserError(
                f"This network cannot be written as ONNX: it has the activation {name}.",
                "Export it as LiteRT, Keras or SavedModel instead.",
            )
        return self.add(_ACTIVATIONS[name], [value])


_ACTIVATIONS = {
    "relu": "Relu", "sigmoid": "Sigmoid", "tanh": "Tanh", "exponential": "Exp",
    "softplus": "Softplus",
}  # fmt: skip


def _same(_graph: _Graph, _layer: Any, inputs: Sequence[str]) -> str:
    """Layers that only learning knows."""
    return inputs[0]


def _activation(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    return graph.activation(layer.activation, inputs[0])


def _rescaling(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    scaled = graph.add("Mul", [inputs[0], graph.constant(_per_channel(layer, layer.scale))])
    return graph.add("Add", [scaled, graph.constant(_per_channel(layer, layer.offset))])


def _per_channel(layer: Any, values: Any) -> npt.NDArray[np.float32]:
    """One value, or one for each channel, such that it fits (n, channels, h, w)."""
    array = np.asarray(values, np.float32)
    picture = len(layer.output.shape) == _PICTURE_AXES
    return array.reshape(-1, 1, 1) if array.ndim and picture else array


def _convolution(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    kernel, *bias = layer.get_weights()
    names = [inputs[0], graph.constant(kernel.transpose(3, 2, 0, 1))]
    names += [graph.constant(values) for values in bias]
    made = graph.add(
        "Conv",
        names,
        kernel_shape=layer.kernel_size,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        group=layer.groups,
        pads=_padding(layer, layer.kernel_size, layer.dilation_rate),
    )
    return graph.activation(layer.activation, made)


def _depthwise(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    kernel, *bias = layer.get_weights()
    height, width, channels, multiplier = kernel.shape
    filters = kernel.transpose(2, 3, 0, 1).reshape(channels * multiplier, 1, height, width)
    names = [inputs[0], graph.constant(filters), *(graph.constant(values) for values in bias)]
    made = graph.add(
        "Conv",
        names,
        kernel_shape=layer.kernel_size,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        group=channels,
        pads=_padding(layer, layer.kernel_size, layer.dilation_rate),
    )
    return graph.activation(layer.activation, made)


def _pooling(operator: str) -> Callable[[_Graph, Any, Sequence[str]], str]:
    def write(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
        pads = _padding(layer, layer.pool_size, (1, 1))
        return graph.add(
            operator, inputs, kernel_shape=layer.pool_size, strides=layer.strides, pads=pads
        )

    return write


def _padding(layer: Any, kernel: Sequence[int], dilation: Sequence[int]) -> list[int]:
    """Rows and columns added above, left, below, right: as TensorFlow's "same" has it."""
    if layer.padding != "same":
        return [0, 0, 0, 0]
    before, after = [], []
    sides = zip(layer.input.shape[1:3], kernel, layer.strides, dilation, strict=True)
    for side, reach, stride, spread in sides:
        places = -(-side // stride)
        total = max((places - 1) * stride + (reach - 1) * spread + 1 - side, 0)
        before.append(total // 2)
        after.append(total - total // 2)
    return [*before, *after]


def _whole_map(operator: str) -> Callable[[_Graph, Any, Sequence[str]], str]:
    def write(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:  # noqa: ARG001
        return graph.add("Flatten", [graph.add(operator, inputs)])

    return write


def _dense(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    kernel, *bias = layer.get_weights()
    names = [inputs[0], graph.constant(kernel), *(graph.constant(values) for values in bias)]
    return graph.activation(layer.activation, graph.add("Gemm", names))


def _joined(operator: str) -> Callable[[_Graph, Any, Sequence[str]], str]:
    def write(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:  # noqa: ARG001
        value = inputs[0]
        for other in inputs[1:]:
            value = graph.add(operator, [value, other])
        return value

    return write


def _concatenated(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:  # noqa: ARG001
    return graph.add("Concat", inputs, axis=1)


def _resized(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    nearest = layer.interpolation == "nearest"
    batch_size_stays = graph.add("Slice", [graph.add("Shape", inputs), *_first_two(graph)])
    rows_columns = graph.constant(np.array(layer.output.shape[1:3]))
    size = graph.add("Concat", [batch_size_stays, rows_columns], axis=0)
    return graph.add(
        "Resize",
        [inputs[0], "", "", size],
        mode="nearest" if nearest else "linear",
        coordinate_transformation_mode="half_pixel",
        **({"nearest_mode": "round_prefer_ceil"} if nearest else {}),
    )


def _first_two(graph: _Graph) -> list[str]:
    return [graph.constant(np.array([place])) for place in (0, 2)]


def _normalised(graph: _Graph, layer: Any, inputs: Sequence[str]) -> str:
    channels = layer.output.shape[-1]
    scale = layer.gamma if layer.scale else np.ones(channels)
    shift = layer.beta if layer.center else np.zeros(channels)
    values = [scale, shift, layer.moving_mean, layer.moving_variance]
    names = [graph.constant(np.asarray(value)) for value in values]
    return graph.add("BatchNormalization", [inputs[0], *names], epsilon=layer.epsilon)


_WRITERS: Mapping[str, Callable[[_Graph, Any, Sequence[str]], str]] = {
    "Activation": _activation,
    "Add": _joined("Add"),
    "AveragePooling2D": _pooling("AveragePool"),
    "BatchNormalization": _normalised,
    "Concatenate": _concatenated,
    "Conv2D": _convolution,
    "Dense": _dense,
    "DepthwiseConv2D": _depthwise,
    "Dropout": _same,
    "GlobalAveragePooling2D": _whole_map("GlobalAveragePool"),
    "GlobalMaxPooling2D": _whole_map("GlobalMaxPool"),
    "MaxPooling2D": _pooling("MaxPool"),
    "Multiply": _joined("Mul"),
    "ReLU": lambda graph, _layer, inputs: graph.add("Relu", inputs),
    "Rescaling": _rescaling,
    "Resizing": _resized,
    "SpatialDropout2D": _same,
    "UpSampling2D": _resized,
}
"""How each kind of layer is written. Keras counts channels last, the graph second."""
