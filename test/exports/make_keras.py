# SPDX-License-Identifier: MIT
"""Keras' exports: by tf2onnx, and by model.export(format="onnx")."""

import functools
import itertools
import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
import keras
import numpy
import tensorflow
import tf2onnx

from case import Case

INPUTS, HIDDEN, OUTPUTS, VOCABULARY, STEPS, BATCH = 3, 5, 2, 7, 6, 4
KINDS = {"lstm": keras.layers.LSTM, "gru": keras.layers.GRU, "rnn": keras.layers.SimpleRNN}


def net(kind, layers, both, head, tokens=False, mask=False, **more):
    stack = [keras.Input((None,), dtype="int32") if tokens else keras.Input((None, INPUTS))]
    if tokens:
        stack.append(keras.layers.Embedding(VOCABULARY, INPUTS, mask_zero=mask))
    for k in range(layers):
        layer = KINDS[kind](HIDDEN, return_sequences=head != "last" or k + 1 < layers, **more)
        stack.append(keras.layers.Bidirectional(layer) if both else layer)
    if head == "linear":
        stack.append(keras.layers.Dense(OUTPUTS))
    if head == "last":
        stack.append(keras.layers.Dense(1, activation="sigmoid"))
    model = keras.Sequential(stack)
    random = numpy.random.default_rng(3)
    model.set_weights([random.uniform(-0.5, 0.5, one.shape).astype(one.dtype) for one in model.get_weights()])
    return model


def export(folder, model, way, name, tokens):
    path = folder / f"{way}_{name}.onnx"
    kind = tensorflow.int32 if tokens else tensorflow.float32
    random = numpy.random.default_rng(4)
    x = random.integers(VOCABULARY, size=(BATCH, STEPS), dtype="int32") if tokens else \
        random.standard_normal((BATCH, STEPS, INPUTS), dtype="float32")
    if way == "keras":
        model(x)
        model.export(str(path), format="onnx", verbose=False)
    else:
        signature = [tensorflow.TensorSpec((None, None) if tokens else (None, None, INPUTS), kind, name="x")]
        tf2onnx.convert.from_function(tensorflow.function(lambda x: model(x), input_signature=signature),
                                      input_signature=signature, opset=17, output_path=str(path))
    return Case(path, {"x": x}, batch_first=True, output="")


def plans():
    for k, (kind, layers, both, head) in enumerate(
            itertools.product(KINDS, (1, 2), (False, True), ("steps", "linear", "last"))):
        tokens = k % 3 == 1
        yield "_".join([kind, str(layers), "both" if both else "one", head, "tokens" if tokens else "floats"]), dict(
            kind=kind, layers=layers, both=both, head=head, tokens=tokens)
    yield "gru_reset_before", dict(kind="gru", layers=1, both=False, head="linear", reset_after=False)
    yield "gru_both_reset_before", dict(kind="gru", layers=1, both=True, head="last", reset_after=False)
    yield "lstm_backwards", dict(kind="lstm", layers=1, both=False, head="last", go_backwards=True)
    yield "lstm_masked", dict(kind="lstm", layers=1, both=False, head="last", tokens=True, mask=True)
    yield "gru_no_bias", dict(kind="gru", layers=1, both=False, head="linear", use_bias=False)


def build(folder, way, name, plan):
    keras.backend.clear_session()
    return export(folder, net(**plan), way, name, plan.get("tokens", False))


def make(folder, ways=("tf2onnx", "keras")):
    for way in ways:
        for name, plan in plans():
            yield f"{way}_{name}", functools.partial(build, folder, way, name, plan)
