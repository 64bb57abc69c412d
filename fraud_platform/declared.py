"""The declaration in force in this process, by the setting DECLARATION: read once, when it is first asked for."""

from fraud_platform.core.declaration.reading import read_declaration
from fraud_platform.core.features.feature_set import FeatureSet
from fraud_platform.settings import load_settings
from fraud_platform.shipped_declarations import declaration_text

DECLARATION = read_declaration(*declaration_text(load_settings().declaration))
FEATURE_SET = FeatureSet(DECLARATION)
