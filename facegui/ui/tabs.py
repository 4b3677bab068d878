"""The five tabs, from left to right."""

from __future__ import annotations

from facegui.ui.annotate_tab import AnnotateTab
from facegui.ui.augment_tab import AugmentTab
from facegui.ui.capture_tab import CaptureTab
from facegui.ui.detect_tab import DetectTab
from facegui.ui.tab import Tab
from facegui.ui.train_tab import TrainTab

TABS: tuple[type[Tab], ...] = (CaptureTab, AnnotateTab, AugmentTab, TrainTab, DetectTab)
