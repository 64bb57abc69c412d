"""The towns of the world and the distances between them."""

import numpy as np

# name, country, latitude, longitude, weight as a home (0: travel destination only)
_TOWNS = [
    ("London", "GB", 51.51, -0.13, 9),
    ("Manchester", "GB", 53.48, -2.24, 3),
    ("Edinburgh", "GB", 55.95, -3.19, 1),
    ("Paris", "FR", 48.86, 2.35, 9),
    ("Lyon", "FR", 45.76, 4.84, 3),
    ("Marseille", "FR", 43.30, 5.37, 2),
    ("Berlin", "DE", 52.52, 13.41, 5),
    ("Hamburg", "DE", 53.55, 9.99, 3),
    ("Munich", "DE", 48.14, 11.58, 4),
    ("Cologne", "DE", 50.94, 6.96, 3),
    ("Madrid", "ES", 40.42, -3.70, 5),
    ("Barcelona", "ES", 41.39, 2.17, 4),
    ("Rome", "IT", 41.90, 12.50, 4),
    ("Milan", "IT", 45.46, 9.19, 4),
    ("Amsterdam", "NL", 52.37, 4.90, 3),
    ("Brussels", "BE", 50.85, 4.35, 3),
    ("Vienna", "AT", 48.21, 16.37, 2),
    ("Lisbon", "PT", 38.72, -9.14, 2),
    ("Dublin", "IE", 53.35, -6.26, 2),
    ("Copenhagen", "DK", 55.68, 12.57, 2),
    ("Athens", "GR", 37.98, 23.73, 0),
    ("Prague", "CZ", 50.08, 14.44, 0),
    ("Warsaw", "PL", 52.23, 21.01, 0),
    ("Budapest", "HU", 47.50, 19.04, 0),
    ("Istanbul", "TR", 41.01, 28.98, 0),
    ("Marrakesh", "MA", 31.63, -8.01, 0),
    ("Dubai", "AE", 25.20, 55.27, 0),
    ("Bangkok", "TH", 13.76, 100.50, 0),
    ("Tokyo", "JP", 35.68, 139.69, 0),
    ("New York", "US", 40.71, -74.01, 0),
    ("Miami", "US", 25.76, -80.19, 0),
    ("Los Angeles", "US", 34.05, -118.24, 0),
    ("Toronto", "CA", 43.65, -79.38, 0),
    ("Mexico City", "MX", 19.43, -99.13, 0),
    ("São Paulo", "BR", -23.55, -46.63, 0),
    ("Lagos", "NG", 6.52, 3.38, 0),
]
_EARTH_RADIUS_KM = 6371.0088

COUNTRY = np.array([town[1] for town in _TOWNS], dtype=object)
LATITUDE = np.array([town[2] for town in _TOWNS])
LONGITUDE = np.array([town[3] for town in _TOWNS])
HOME_SHARE = np.array([town[4] for town in _TOWNS]) / sum(town[4] for town in _TOWNS)
TOWNS = len(_TOWNS)


def _distances_km() -> np.ndarray:
    """Great-circle distance between each pair of towns (haversine), shape (TOWNS, TOWNS)."""
    latitude, longitude = np.radians(LATITUDE), np.radians(LONGITUDE)
    north = np.sin((latitude[:, None] - latitude) / 2) ** 2
    east = np.sin((longitude[:, None] - longitude) / 2) ** 2
    chord = north + np.cos(latitude[:, None]) * np.cos(latitude) * east
    return 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(chord, 1)))


DISTANCE_KM = _distances_km()
