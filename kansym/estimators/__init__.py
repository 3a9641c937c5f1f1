"""The program as estimators of scikit-learn, which the extra ``sklearn`` installs."""

from kansym.shared.errors import require

require("sklearn", "sklearn")
