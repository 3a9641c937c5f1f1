"""Laws of several inputs as tables of a few noisy rows, asked for the form of the law.

Thirty rows with 2 % noise, from pharmacology, ecology, optics, astronomy, fluids, electricity,
materials, chemistry, acoustics and economics; inputs at random. A form is right as in
`measured_laws.py`. The first laws were looked at while sources for few noisy rows were built;
``--fresh`` has those that were not.

    python benchmarks/small_tables.py
    python benchmarks/small_tables.py --fresh --rows 20 --noise 0.01
"""

import argparse
from collections import Counter

from measured_laws import Law, judged

Ranges = dict[str, tuple[float, float]]


def _law(form: str, constants: dict[str, float], **ranges: tuple[float, float]) -> Law:
    return Law(form, constants, ranges)


SEEN = (
    _law("sqrt(w**2 + a*k**2*v**2)", {"a": 3.0}, w=(0.5, 3), k=(0.1, 2), v=(0.2, 2)),
    _law("m*s/(k + s + s**2/a)", {"a": 12.0}, m=(0.2, 2), s=(0.2, 40), k=(0.5, 5)),
    _law("u - i*c**p/(a**p + c**p)", {"a": 40.0, "p": 1.6}, u=(50, 120), i=(10, 40), c=(1, 400)),
    _law("k/(1 + (k/n - 1)*exp(-r*t))", {}, k=(50, 200), n=(1, 20), r=(0.1, 1), t=(0, 10)),
    _law("a*n*p/(1 + b*a*n)", {"b": 0.3}, a=(0.1, 2), n=(1, 50), p=(1, 10)),
    _law("atan(m/n)", {}, n=(1, 1.6), m=(1.2, 2.5)),
    _law("sqrt((k + a*g)/r)", {"a": 1.333}, k=(10, 80), g=(5, 50), r=(2, 4)),
    _law("a*x**3/(exp(x/t) - 1)", {}, a=(1, 3), x=(0.5, 8), t=(0.5, 2)),
    _law("d/((r/s)*(1 + r/s)**2)", {}, d=(1, 10), r=(0.1, 5), s=(0.5, 3)),
    _law("q*a*p/(1 + a*p + b*s)", {}, q=(1, 5), a=(0.1, 2), p=(0.1, 10), b=(0.1, 2), s=(0.1, 10)),
    _law("e/(1 + a*e*(1 - cos(t)))", {"a": 1.957}, e=(0.1, 2), t=(0, 3.1)),
    _law(
        "a*v/(s*b + c*m*v)",
        {"a": 0.161, "c": 4.0},
        v=(100, 1000),
        s=(50, 300),
        b=(0.05, 0.5),
        m=(0.001, 0.01),
    ),
    _law(
        "a*m*n*d/r**3 + w**2*r",
        {"a": 2.0},
        m=(1, 2),
        n=(1, 10),
        d=(0.1, 0.5),
        r=(1, 3),
        w=(0.2, 1.5),
    ),
    _law("r/(k*v)*(1 - exp(-k*t))", {}, r=(1, 10), k=(0.05, 0.8), v=(5, 50), t=(0.5, 12)),
    _law("i*cos(a - b)**2 + d", {}, i=(1, 5), a=(0, 3), b=(0, 3), d=(0, 0.5)),
    _law("f*exp(-a*e/t)", {"a": 0.12028}, f=(1, 10), e=(1000, 8000), t=(250, 500)),
    _law("i*a*sin(b*s)**2/s**2", {"a": 0.1111, "b": 3.0}, i=(1, 5), s=(0.1, 2)),
    _law(
        "a*(p - f)*g*r**2/m",
        {"a": 0.2222},
        p=(2, 5),
        f=(0.8, 1.2),
        g=(3, 10),
        r=(0.1, 1),
        m=(0.5, 2),
    ),
    _law("1 - exp(-k*t**p)", {"p": 2.3}, k=(0.05, 0.5), t=(0.1, 3)),
    _law("f*sqrt((1 + b)/(1 - b))", {}, f=(1, 5), b=(-0.7, 0.7)),
    _law("v*s/(k + s)/(1 + h/j)", {}, v=(1, 10), s=(0.5, 20), k=(0.5, 5), h=(0.1, 3), j=(0.5, 3)),
    _law("sqrt(a*m/(r*s*c))", {"a": 19.62}, m=(1, 10), r=(0.8, 1.4), s=(0.1, 1), c=(0.3, 1.2)),
    _law("1/sqrt(a + (w*t - 1/(w*t))**2)", {"a": 9.0}, w=(0.5, 4), t=(0.3, 2)),
    _law("u - a/z*log(q)", {"a": 0.0257}, u=(0.1, 1), z=(1, 3), q=(0.1, 100)),
    _law("((a - b)/(a + b))**2", {}, a=(1, 1.4), b=(1.5, 3)),
    _law("p + k*v**3", {}, p=(10, 50), k=(0.5, 3), v=(1, 6)),
    _law("m*exp(-u/(r*t))", {}, m=(1, 5), u=(1, 4), r=(0.8, 1.2), t=(1, 3)),
    _law("r/sqrt(1 + (w*r*c)**2)", {}, r=(1, 10), w=(0.1, 3), c=(0.1, 1)),
    _law("sqrt(a*g*m/r)", {"a": 2.0}, g=(0.5, 1.5), m=(1, 10), r=(1, 5)),
    _law("sqrt(k*(m + n)/(m*n))", {}, k=(1, 10), m=(1, 5), n=(1, 5)),
    _law("n*exp(-z*t/h)", {"z": 0.6931}, n=(10, 100), t=(0, 10), h=(1, 6)),
    _law(
        "(p - f)*v*g - k*u",
        {},
        p=(2, 4),
        f=(0.8, 1.2),
        v=(0.5, 2),
        g=(8, 11),
        k=(0.5, 2),
        u=(0.5, 3),
    ),
    _law("1/(1/f - 1/d)", {}, f=(1, 2), d=(3, 10)),
    _law("(m - n)/(m + n)*u + 2*n/(m + n)*v", {}, m=(1, 5), n=(1, 5), u=(1, 4), v=(-3, 1)),
    _law(
        "s*k**p*l**q - d*k",
        {"p": 0.33, "q": 0.67},
        s=(0.1, 0.4),
        k=(1, 20),
        l=(1, 20),
        d=(0.02, 0.1),
    ),
    _law("t + (a - t)*exp(-k*x)", {}, t=(15, 25), a=(60, 90), k=(0.05, 0.3), x=(0, 20)),
    _law("v**2*sin(z*a)/g", {"z": 2.0}, v=(5, 20), a=(0.2, 1.3), g=(8, 11)),
    _law("z*s*cos(a)/(r*g*h)", {"z": 2.0}, s=(1, 3), a=(0, 1.2), r=(0.5, 2), g=(8, 11), h=(0.5, 2)),
    _law("c*s*a*(t**4 - u**4)", {}, c=(0.2, 1), s=(5, 6), a=(0.5, 2), t=(3, 5), u=(1, 3)),
    _law("a*n**2/(h**2 + n**2)*p", {}, a=(0.5, 3), n=(0.5, 10), h=(1, 5), p=(1, 5)),
    _law("sqrt(f*t/(n*q**2))", {}, f=(1, 3), t=(1, 10), n=(1, 10), q=(0.5, 2)),
    _law("y*(1 - t) - c*y**p", {"p": 0.9}, y=(1, 50), t=(0.1, 0.4), c=(0.1, 0.5)),
    _law("b*a/t*sqrt((1 + c)/(1 - c))", {"b": 6.2832}, a=(1, 5), t=(1, 5), c=(0, 0.7)),
    _law("q*(u + v*b*sin(t))", {}, q=(1, 3), u=(1, 5), v=(1, 5), b=(0.5, 2), t=(0.2, 2.9)),
)
FRESH = (
    _law("c*sqrt(t/a)", {"c": 20.05}, t=(250, 320), a=(0.8, 1.4)),
    _law("l*(1 + a*t)/(d**2)", {"a": 0.0039}, l=(1, 10), t=(0, 200), d=(0.5, 2)),
    _law("a*log(1 + m/e) - g*t", {"a": 2.9}, m=(1, 20), e=(1, 3), g=(1, 2), t=(0.2, 2)),
    _law("z*(p + h)/(q - h)", {"z": 0.62}, p=(1, 5), h=(0.2, 2), q=(4, 9)),
    _law("v*(1 - k/j)", {}, v=(20, 40), k=(5, 90), j=(100, 150)),
    _law("r*exp(-h/(z*t))", {"z": 8.4}, r=(0.9, 1.2), h=(0.5, 12), t=(0.9, 1.1)),
    _law("d*(1 - r)**n", {}, d=(10, 90), r=(0.01, 0.2), n=(1, 12)),
    _law("p*r/(1 - (1 + r)**(-n))", {}, p=(10, 90), r=(0.01, 0.2), n=(2, 15)),
    _law("a*i**2*r/(h*s) + u", {"a": 1.7}, i=(1, 5), r=(0.2, 2), h=(1, 4), s=(0.5, 2), u=(15, 30)),
    _law("sqrt(x**2 + (y - z)**2)", {}, x=(0.5, 4), y=(1, 5), z=(0, 3)),
    _law("e*t/(l*(1 + t/b))", {}, e=(1, 9), t=(0.5, 6), l=(0.5, 2), b=(1, 5)),
    _law("w/(c*q) + t", {"c": 4.18}, w=(10, 90), q=(0.5, 5), t=(10, 30)),
    _law("m*v**2/(b*t)", {"b": 3.0}, m=(0.5, 4), v=(1, 6), t=(0.5, 3)),
    _law("n*(n - 1)*k/(s + n)", {"k": 0.5}, n=(3, 30), s=(1, 12)),
    _law("a*cos(w*t)*exp(-b*t)", {}, a=(1, 4), w=(0.5, 2), t=(0, 4), b=(0.1, 0.8)),
    _law("i*r**2/(r**2 + x**2)**(3/2)", {}, i=(1, 6), r=(0.5, 2), x=(0, 3)),
    _law("tanh(k*d)*a/k", {"a": 9.81}, k=(0.2, 3), d=(0.2, 2)),
    _law("q**2*(1/a - 1/b)", {}, q=(0.5, 3), a=(0.5, 2), b=(2, 6)),
    _law("s*(exp(u/t) - 1)", {}, s=(0.5, 2), u=(0.5, 2), t=(0.8, 1.6)),
    _law("g*l**2/(a*n) * (h - l)", {"a": 6.0}, g=(1, 4), l=(0.2, 1), n=(0.5, 2), h=(2, 5)),
    _law("b*x/(1 + x)*(1 - y)", {"b": 3.4}, x=(0.1, 8), y=(0, 0.8)),
    _law("r + s*t**2/(k**2 + t**2)", {}, r=(0.5, 2), s=(2, 6), t=(0.3, 6), k=(1, 3)),
    _law("a*log(b/c)/(d - e)", {}, a=(1, 4), b=(3, 9), c=(0.5, 2), d=(5, 9), e=(1, 4)),
    _law("1/sqrt(l*c) * sqrt(1 - r**2*c/l)", {}, l=(1, 4), c=(0.2, 1), r=(0.1, 0.9)),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fresh", action="store_true", help="laws that no source was built with")
    parser.add_argument("--rows", type=int, default=30)
    parser.add_argument("--noise", type=float, default=0.02, help="over the spread of y")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    words = Counter[str]()
    for law in FRESH if options.fresh else SEEN:
        found = judged(law, options.rows, options.noise, options.seed, options.seconds)
        words[found.word.rstrip("*")] += 1
        print(f"{found.word:10s} {found.seconds:5.1f} s  {law.form:36s}  {found.text}", flush=True)
    print(f"{words.total()} laws: {dict(words)}; a star: told from all wrong forms by 6 in BIC")


if __name__ == "__main__":
    main()
