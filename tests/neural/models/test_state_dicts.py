"""State dicts: what fits is loaded whole, what does not fit is refused whole, in one sentence."""

import copy

import pytest
import torch
from torch import nn

from kansym import KAN, MLP, train
from kansym.neural.models.kan import EdgeKind
from kansym.shared.errors import InputError
from tests.zoo import rows


def with_fixed_edge() -> KAN:
    model = KAN([2, 3, 1], seed=3)
    model.fix_edge(0, 1, 0, ("sin", "x"))
    return model


MAKERS = {
    "kan": lambda seed: KAN([2, 3, 1], seed=seed),
    "kan with products": lambda seed: KAN([2, (2, 1), 1], seed=seed),
    "mlp": lambda seed: MLP([2, 4, 1], seed=seed),
}

SMALL, OTHER = KAN([2, 3, 1]), MLP([2, 3, 1])
SYMBOL = "'layers.0.symbols.1_0.constants'"
MISFITS = {
    "wider kan": (SMALL, KAN([2, 5, 1]), r"'layers.0.coef' has shape \[5, 2, 8\], expected"),
    "deeper kan": (SMALL, KAN([2, 3, 3, 1]), r"'layers.1.\w+' has shape .* \(and \d+ more"),
    "other grid": (SMALL, KAN([2, 3, 1], grid=9), r"'layers.0.coef' has shape \[3, 2, 12\]"),
    "other inputs": (SMALL, KAN([3, 3, 1]), r"'domain' has shape \[3, 2\], expected \[2, 2\]"),
    "a fixed edge": (SMALL, with_fixed_edge(), f"{SYMBOL} is none of this model's"),
    "no fixed edge": (with_fixed_edge(), SMALL, f"it lacks {SYMBOL}"),
    "mlp for a kan": (SMALL, OTHER, r"it lacks 'layers\.0\.coef'"),
    "kan for an mlp": (OTHER, SMALL, r"it lacks '0\.weight'"),
    "wider mlp": (OTHER, MLP([2, 5, 1]), r"'0.weight' has shape \[5, 2\], expected \[3, 2\]"),
    "plain torch": (OTHER, nn.Sequential(nn.Linear(2, 3)), "it lacks 'domain'"),
}


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("assign", [False, True])
def test_a_state_dict_makes_the_same_model(name, assign):
    first, second = MAKERS[name](1), MAKERS[name](2)
    x = rows(20, 2)
    assert not torch.equal(first(x), second(x))
    second.load_state_dict(copy.deepcopy(first.state_dict()), assign=assign)
    torch.testing.assert_close(second(x), first(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", ["kan", "mlp"])
def test_the_rows_that_a_trained_model_remembers_come_along(name):
    X = rows(60, 2)
    first, second = MAKERS[name](1), MAKERS[name](2)
    train(first, X, X.sum(1), steps=3, starts=1, prune=False, progress=False)
    assert len(first.sample) > 0
    second.load_state_dict(first.state_dict())
    torch.testing.assert_close(second.state_dict(), first.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("name", MISFITS)
def test_another_architecture_gets_a_sentence_and_changes_nothing(name):
    model, other, sentence = MISFITS[name]
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(InputError, match=sentence) as caught:
        model.load_state_dict(other.state_dict())
    assert "\n" not in str(caught.value)
    assert "build the model with the settings" in str(caught.value)
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (KAN([2, 1]), r"A KAN was given, expected a state dict.*state_dict\(\)"),
        (None, "None was given, expected a state dict"),
        ({"model": KAN([2, 1]).state_dict()}, "it lacks 'domain' .*build the model"),
        (KAN([2, 1]).state_dict() | {"domain": "wide"}, "'domain' is a str, expected a tensor"),
    ],
)
def test_what_is_no_state_dict_gets_a_sentence(given, sentence):
    with pytest.raises(InputError, match=sentence):
        KAN([2, 1]).load_state_dict(given)


def test_not_strict_loads_the_names_that_fit_and_names_the_others():
    model, other = KAN([2, 3, 1], seed=1), with_fixed_edge()
    state = other.state_dict() | {"extra": torch.zeros(1)}
    del state["domain"]
    found = model.load_state_dict(state, strict=False)
    assert found.missing_keys == ["domain"]
    assert set(found.unexpected_keys) == {"extra", "layers.0.symbols.1_0.constants"}
    torch.testing.assert_close(model.kan_layers[1].coef, other.kan_layers[1].coef)
    assert model.kan_layers[0].kind[1, 0] == EdgeKind.SYMBOL


def test_not_strict_refuses_other_shapes_before_it_loads_any():
    model = MLP([2, 3, 1], seed=1)
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(InputError, match=r"'2\.weight' has shape"):
        model.load_state_dict({**before, "0.weight": before["0.weight"] + 1,
                               "2.weight": torch.zeros(9, 9)}, strict=False)  # fmt: skip
    torch.testing.assert_close(model.state_dict(), before, rtol=0, atol=0)
