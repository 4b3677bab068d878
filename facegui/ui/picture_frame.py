"""Where a picture lies in a widget: zoom and pan."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF

MARGIN = 12.0
"""Around a picture that is fitted, in pixels of the widget: room to grab a box at the edge."""
LARGEST_ZOOM = 32.0


class PictureFrame:
    """Turns pixels of a picture into pixels of a widget and back.

    A picture is fitted into the widget until it is zoomed; then it keeps its zoom.
    """

    def __init__(self) -> None:
        self._picture = QSizeF(1, 1)
        self._widget = QSizeF(1, 1)
        self._fitted = True
        self._scale = 1.0
        self._origin = QPointF(0, 0)

    @property
    def scale(self) -> float:
        """Pixels of the widget for one of the picture."""
        return self._scale

    @property
    def is_fitted(self) -> bool:
        return self._fitted

    @property
    def rect(self) -> QRectF:
        """The whole picture in the widget; may reach beyond it."""
        return QRectF(self._origin, self._picture * self._scale)

    def set_picture(self, size: QSize) -> None:
        """Another picture, fitted; of the same size, it is shown at the same zoom."""
        if QSizeF(size) != self._picture:
            self._picture = QSizeF(size)
            self.fit()

    def set_widget(self, size: QSize) -> None:
        self._widget = QSizeF(size)
        if self._fitted:
            self.fit()
        else:
            self._keep_in_view()

    def fit(self) -> None:
        """Shows the whole picture, as large as there is room."""
        self._fitted = True
        self._scale = self._fitting_scale()
        self._origin = self._centred()

    def zoom(self, factor: float, about: QPointF) -> None:
        """Makes the picture larger or smaller; the point `about` of the widget stays."""
        least = self._fitting_scale()
        scale = max(least, min(self._scale * factor, max(LARGEST_ZOOM, least)))
        if scale <= least:
            self.fit()
            return
        point = self.to_picture(about)
        self._fitted = False
        self._scale = scale
        self._origin = about - point * scale
        self._keep_in_view()

    def pan(self, by: QPointF) -> None:
        """Shifts the picture by pixels of the widget."""
        self._origin += by
        self._keep_in_view()

    def to_picture(self, point: QPointF) -> QPointF:
        return (point - self._origin) / self._scale

    def to_widget(self, point: QPointF) -> QPointF:
        return point * self._scale + self._origin

    def rect_to_widget(self, x0: float, y0: float, x1: float, y1: float) -> QRectF:
        return QRectF(self.to_widget(QPointF(x0, y0)), self.to_widget(QPointF(x1, y1)))

    def _fitting_scale(self) -> float:
        across = max(self._widget.width() - 2 * MARGIN, 1.0) / self._picture.width()
        down = max(self._widget.height() - 2 * MARGIN, 1.0) / self._picture.height()
        return min(across, down)

    def _centred(self) -> QPointF:
        free = self._widget - self._picture * self._scale
        return QPointF(free.width() / 2, free.height() / 2)

    def _keep_in_view(self) -> None:
        """No gap beside a picture that is larger than the widget; a smaller one is centred."""
        centre, shown = self._centred(), self._picture * self._scale
        x, y = centre.x(), centre.y()
        if x < MARGIN:
            room = self._widget.width() - MARGIN - shown.width()
            x = max(room, min(self._origin.x(), MARGIN))
        if y < MARGIN:
            room = self._widget.height() - MARGIN - shown.height()
            y = max(room, min(self._origin.y(), MARGIN))
        self._origin = QPointF(x, y)
