# SPDX-License-Identifier: Apache-2.0
"""The few machine instructions that Python has no word for, as LLVM's own: vectors wherever there are any.

LLVM turns them into AVX-512, AVX2 or NEON, whatever the processor has, with the same results. None of
them checks bounds.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["LANES", "near_rows", "near_sketches", "popcount", "prefetch", "trailing_zeros"]

LANES: Final = 16
"""How many sketches `near_sketches` compares at once: so many must be readable from where it starts."""

_ROW_LANES: Final = 8
_ROW_WORDS: Final = 4
_INDEX: Final = ir.IntType(32)
_WORD: Final = ir.IntType(64)


def _element(context: Any, builder: Any, array_type: Any, array: Any, place: Any) -> Any:
    """The address of one element of a one-dimensional array."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.gep(data, [place])


def _outside(builder: Any, name: str, returned: Any, taken: Any) -> Any:
    """A function that LLVM knows by this name."""
    declare: Any = cgutils.get_or_insert_function
    return declare(builder.module, ir.FunctionType(returned, taken), name)


def _splat(builder: Any, scalar: Any, vector: Any) -> Any:
    nothing = ir.Constant(vector, ir.Undefined)
    one = builder.insert_element(nothing, scalar, _INDEX(0))
    lanes = ir.Constant(ir.VectorType(_INDEX, vector.count), [0] * vector.count)
    return builder.shuffle_vector(one, nothing, lanes)


def _bits_that_differ(builder: Any, address: Any, asked: Any, vector: Any) -> Any:
    """For each lane at the address, how many bits differ from what was asked for."""
    pointer = builder.bitcast(address, vector.as_pointer())
    known = builder.load(pointer, align=vector.element.width // 8)
    name = f"llvm.ctpop.v{vector.count}i{vector.element.width}"
    count = _outside(builder, name, vector, [vector])
    return builder.call(count, [builder.xor(known, _splat(builder, asked, vector))])


def _lanes_up_to(builder: Any, counts: Any, limit: Any, vector: Any) -> Any:
    """A word with bit k set where lane k is at most `limit`."""
    near = builder.icmp_unsigned("<=", counts, _splat(builder, limit, vector))
    return builder.zext(builder.bitcast(near, ir.IntType(vector.count)), _WORD)


def _popcount(_typing: Any, _word: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


def _trailing_zeros(_typing: Any, _word: Any) -> Any:
    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.uint64(types.uint64), generate


def _prefetch(_typing: Any, array: Any, _place: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        byte = ir.IntType(8).as_pointer()
        address = _element(context, builder, signature.args[0], *arguments)
        taken = [byte, _INDEX, _INDEX, _INDEX]
        fetch = _outside(builder, "llvm.prefetch.p0", ir.VoidType(), taken)
        # For reading, to be kept in every cache, data.
        builder.call(fetch, [builder.bitcast(address, byte), _INDEX(0), _INDEX(3), _INDEX(1)])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


def _near_sketches(_typing: Any, sketches: Any, _first: Any, _asked: Any, _limit: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_INDEX, LANES)
        sketches, first, asked, limit = arguments
        address = _element(context, builder, signature.args[0], sketches, first)
        counts = _bits_that_differ(builder, address, asked, vector)
        return _lanes_up_to(builder, counts, limit, vector)

    return types.uint64(sketches, types.int64, types.uint32, types.uint32), generate


def _near_rows(
    _typing: Any, columns: Any, _first: Any, _step: Any, _0: Any, _1: Any, _2: Any, _3: Any, _limit: Any
) -> Any:  # fmt: skip
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(_WORD, _ROW_LANES)
        columns, place, step, *asked, limit = arguments
        total = None
        for word in asked:
            address = _element(context, builder, signature.args[0], columns, place)
            counts = _bits_that_differ(builder, address, word, vector)
            total = counts if total is None else builder.add(total, counts)
            place = builder.add(place, step)
        return _lanes_up_to(builder, total, limit, vector)

    words = [types.uint64] * (_ROW_WORDS + 1)
    return types.uint64(columns, types.int64, types.int64, *words), generate


# Any: called without the typing context, which Numba adds.
popcount: Any = intrinsic(_popcount)
"""popcount(word: uint64) -> uint64: how many bits are set."""

trailing_zeros: Any = intrinsic(_trailing_zeros)
"""trailing_zeros(word: uint64) -> uint64: the place of the lowest set bit of a word that is not 0."""

prefetch: Any = intrinsic(_prefetch)
"""prefetch(array, place: int64): have an element near when it is needed; any place is allowed."""

near_sketches: Any = intrinsic(_near_sketches)
"""near_sketches(sketches, first, asked, limit) -> uint64: which of 16 sketches are near.

Bit k is set if at most `limit` bits of `sketches[first + k]` differ from `asked`, all uint32.
"""

near_rows: Any = intrinsic(_near_rows)
"""near_rows(columns, first, step, w0, w1, w2, w3, limit) -> uint64: which of 8 rows are near.

Word w of row k stands at `columns[first + k + w * step]`, uint64. Bit k is set if at most `limit` of
its 256 bits differ from the four words asked for.
"""
